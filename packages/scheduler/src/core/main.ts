// The main greenlet: it stands for all code outside every greenlet, and exists before anything is scheduled.
import { setMainScope } from './context.ts'
import { CoreGreenlet } from './greenlet.ts'
import { ALIVE } from './life.ts'

export const main: CoreGreenlet = new CoreGreenlet(null, ALIVE, 'main', null)
setMainScope(main)
