// How many waits only the world outside can end (promises, I/O): while there is one, a virtual clock must not jump.

let count = 0

export function externalWait(): void {
  count++
}

export function externalWaitOver(): void {
  count--
}

export function externalWaits(): number {
  return count
}
