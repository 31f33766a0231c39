import { definePackage } from '../../tsup.base.ts'
export default definePackage({ commands: ['./src/cli.ts'] })
