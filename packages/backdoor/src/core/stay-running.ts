// Ctrl-Z: Node's readline would stop the process, as at a terminal of its own. It does not where somebody listens.
import type { Interface } from 'node:readline'

export function stayRunning(lines: Interface): void {
  lines.on('SIGTSTP', () => {})
}
