// What Ctrl-C throws into the expression that runs.

export class Interrupted extends Error {
  override name = 'Interrupted'

  constructor() {
    super('by Ctrl-C')
    // The place in here tells nobody anything.
    this.stack = 'Interrupted: by Ctrl-C'
  }
}
