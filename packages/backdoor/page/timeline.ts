// The past of one greenlet as a strip: a block for each stretch, coloured by what it waited for. Solid is one wait that lasted;
// pale is what was seen at a look, between which more may have happened. A recording shows each wait and run as it was.
import { FAMILIES } from './families.ts'
import { KEPT, type Greenlet, type Model } from './model.ts'
import type { Recording } from './recording.ts'

/** How high a strip is; the style sheet has it too. */
const STRIP_PIXELS = 14
/** What a live timeline shows. */
export const SPAN_MS = 60_000

export type Palette = readonly string[]

/** The colours of the families, as the theme has them now. */
export function palette(): Palette {
  const style = getComputedStyle(document.documentElement)
  return FAMILIES.map(({ color }) => style.getPropertyValue(color).trim())
}

/** Draws the strip of a greenlet. */
export function drawPast(
  canvas: HTMLCanvasElement,
  greenlet: Greenlet,
  model: Model,
  colors: Palette,
  width: number,
): void {
  const context = clear(canvas, width)
  const pixels = width / SPAN_MS
  const { past, lasted } = greenlet
  const { momentsMs, nowMs, frames } = model
  let right = width
  for (let back = 0; back < Math.min(KEPT, frames) - 1; back++) {
    const slot = (frames - 1 - back) % KEPT
    const atMs = momentsMs[slot]!
    const beforeMs = momentsMs[(slot + KEPT - 1) % KEPT]!
    // Whole pixels of the device: no seams between blocks.
    const left = snap(width - (nowMs - beforeMs) * pixels)
    const family = past[slot]! - 1
    if (family >= 0 && atMs > beforeMs) {
      const solid = snap(right - ((right - left) * lasted[slot]!) / 255)
      context.fillStyle = colors[family]!
      if (solid > left) {
        context.globalAlpha = 0.4
        context.fillRect(left, 0, solid - left, STRIP_PIXELS)
      }
      context.globalAlpha = 1
      context.fillRect(solid, 0, right - solid, STRIP_PIXELS)
    }
    right = left
    if (right <= 0) break
  }
}

/** Draws what a recording has of a greenlet. */
export function drawRecorded(
  canvas: HTMLCanvasElement,
  id: number,
  recording: Recording,
  colors: Palette,
  width: number,
): void {
  const context = clear(canvas, width)
  const spans = recording.spans.get(id)
  if (spans === undefined) return
  const pixels = width / (recording.toMs - recording.fromMs)
  for (let i = 0; i < spans.length; i += 3) {
    const from = (spans[i]! - recording.fromMs) * pixels
    const to = (spans[i + 1]! - recording.fromMs) * pixels
    context.fillStyle = colors[spans[i + 2]!]!
    context.fillRect(from, 0, Math.max(0.5, to - from), STRIP_PIXELS)
  }
}

function snap(x: number): number {
  return Math.round(x * devicePixelRatio) / devicePixelRatio
}

/** Sizes without asking the canvas for them: that would lay the page out for each row anew. */
function clear(canvas: HTMLCanvasElement, width: number): CanvasRenderingContext2D {
  const ratio = devicePixelRatio
  const [across, down] = [Math.round(width * ratio), Math.round(STRIP_PIXELS * ratio)]
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across
    canvas.height = down
  }
  const context = canvas.getContext('2d')!
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, STRIP_PIXELS)
  context.globalAlpha = 1
  return context
}
