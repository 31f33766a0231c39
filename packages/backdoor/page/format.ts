// Numbers as people read them.

/** A length of time: "840 ms", "12.3 s", "4 m 05 s", "3 h 20 m". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} m ${two((ms % 60_000) / 1000)} s`
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0')
}

/** A count: "999", "12.3 k", "4.5 M". */
export function count(value: number): string {
  if (value < 10_000) return String(Math.round(value))
  if (value < 1e6) return `${(value / 1e3).toFixed(1)} k`
  return `${(value / 1e6).toFixed(1)} M`
}

/** Bytes: "12 MB". */
export function bytes(value: number): string {
  if (value < 1e9) return `${(value / 1e6).toFixed(0)} MB`
  return `${(value / 1e9).toFixed(2)} GB`
}
