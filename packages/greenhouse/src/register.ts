// `node --import greenhouse/register app.js`: the program is patched and run green, as by `greenhouse run`.
import { prepare } from './cli/prepare.ts'

prepare()
