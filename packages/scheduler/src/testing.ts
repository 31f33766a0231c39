// @greenhouse/scheduler/testing: tools for testing programs that wait.
import './core/boot.ts'

export {
  withVirtualClock,
  type VirtualClock,
  type VirtualClockOptions,
} from './testing/virtual-clock.ts'
export { Sequencer } from './testing/sequencer.ts'
export { withShuffledSchedule } from './testing/shuffle.ts'
