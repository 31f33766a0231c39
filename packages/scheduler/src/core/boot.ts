// Puts the parts of the kernel together: the clock behind the timers, main, and the coarse time at each drain.
import { timeHasPassed } from './coarse-time.ts'
import './main.ts'
import { readEnvironment } from './environment.ts'
import { reportAtExit } from './exit-report.ts'
import { realClock } from './real-clock.ts'
import { setOnDrain } from './run-queue.ts'
import { useClock } from './timers.ts'

useClock(realClock())
setOnDrain(timeHasPassed)
readEnvironment(process.env)
reportAtExit()
