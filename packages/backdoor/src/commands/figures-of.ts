// What something that is registered says of itself, in a line.
import type { Inspected } from '@greenhouse/scheduler/kernel'

/** `workers 3, queued 0`: what something says of itself. */
export function figuresOf(object: Inspected['object']): string {
  try {
    return Object.entries(object.statistics())
      .map(
        ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
      )
      .join(', ')
  } catch (error) {
    return `(${String(error)})`
  }
}
