// Says that the timeline shows a recording, and lets it be saved.
import type { JSX } from 'preact'
import { duration } from './format.ts'
import { save, type Recording } from './recording.ts'

export function RecordingNote({
  recording,
  onClose,
}: {
  recording: Recording
  onClose: () => void
}): JSX.Element {
  const { fromMs, toMs, events } = recording
  return (
    <div class="recording">
      <span>
        The timeline shows a recording of {duration(toMs - fromMs)}, {events} events.
      </span>
      <button onClick={() => save(recording)} title="Opens in ui.perfetto.dev and chrome://tracing">
        Save for Perfetto
      </button>
      <button onClick={onClose}>Back to live</button>
    </div>
  )
}
