// `node --import greenhouse/register app.js`: the program is run green, as by `greenhouse run`.
import { compileProgram } from '@greenhouse/emulation'

compileProgram()
