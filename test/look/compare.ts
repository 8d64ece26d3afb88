import type { Pixels } from './png.js'

/** Pictures are compared by the mean colours of squares of so many pixels: how the edge of a letter is drawn does not show. */
const SQUARE = 8
/**
 * So much, of 255, the means may differ in red, green or blue where letters, icons or borders are: letters that stand half
 * a pixel further on (Chromium's --disable-font-subpixel-positioning) make up to 29, the palette up to 3.
 */
const TOLERANCE = 32
/** And where there is nothing but a ground in both pictures: no way to draw letters changes that. */
const FLAT_TOLERANCE = 8
/** What differs by so little is one ground. */
const ONE_GROUND = 4
/** So many pixels the heights may differ: less than the shortest line of text. */
const HEIGHT_TOLERANCE = 6

/** Where two pictures differ, in pixels. */
export interface Difference {
  left: number
  top: number
  right: number
  bottom: number
  /** The most that a square in it differs by. */
  most: number
}

export interface Comparison {
  /** Null: within the tolerance. */
  size: string | null
  differences: Difference[]
}

/** Compares two pictures. What only one of them has at its bottom, within the tolerance, is not looked at. */
export function compare(before: Pixels, after: Pixels): Comparison {
  const [old, fresh] = [before, after].map(({ width, height }) => `${width} x ${height}`)
  if (before.width !== after.width || Math.abs(before.height - after.height) > HEIGHT_TOLERANCE)
    return { size: `${old} pixels before, ${fresh} now`, differences: [] }
  const differing: Difference[] = []
  const height = Math.min(before.height, after.height)
  for (let top = 0; top + SQUARE <= height; top += SQUARE)
    for (let left = 0; left + SQUARE <= before.width; left += SQUARE) {
      const [one, other] = [squareAt(before, left, top), squareAt(after, left, top)]
      const most = Math.max(...one.mean.map((value, i) => Math.abs(value - other.mean[i]!)))
      if (most > (one.isFlat && other.isFlat ? FLAT_TOLERANCE : TOLERANCE))
        differing.push({ left, top, right: left + SQUARE, bottom: top + SQUARE, most })
    }
  return { size: null, differences: merged(differing) }
}

function squareAt({ width, data }: Pixels, left: number, top: number): { mean: number[]; isFlat: boolean } {
  const [sum, least, most] = [
    [0, 0, 0],
    [255, 255, 255],
    [0, 0, 0],
  ]
  for (let y = top; y < top + SQUARE; y += 1)
    for (let x = left; x < left + SQUARE; x += 1)
      for (let i = 0, at = (y * width + x) * 4; i < 3; i += 1) {
        const value = data[at + i]!
        sum[i]! += value
        if (value < least[i]!) least[i] = value
        if (value > most[i]!) most[i] = value
      }
  return {
    mean: sum.map((value) => value / (SQUARE * SQUARE)),
    isFlat: most.every((value, i) => value - least[i]! <= ONE_GROUND),
  }
}

/** Joins what lies within two squares of each other. */
function merged(squares: readonly Difference[]): Difference[] {
  const parts: Difference[] = []
  for (const square of squares) {
    let whole = square
    for (let near = parts.findIndex((part) => isNear(part, whole)); near >= 0;) {
      whole = joined(parts.splice(near, 1)[0]!, whole)
      near = parts.findIndex((part) => isNear(part, whole))
    }
    parts.push(whole)
  }
  return parts
}

const NEAR = 2 * SQUARE

const isNear = (one: Difference, other: Difference): boolean =>
  one.left - other.right <= NEAR &&
  other.left - one.right <= NEAR &&
  one.top - other.bottom <= NEAR &&
  other.top - one.bottom <= NEAR

const joined = (one: Difference, other: Difference): Difference => ({
  left: Math.min(one.left, other.left),
  top: Math.min(one.top, other.top),
  right: Math.max(one.right, other.right),
  bottom: Math.max(one.bottom, other.bottom),
  most: Math.max(one.most, other.most),
})

/** The picture with a frame around each part that differs. */
export function marked(picture: Pixels, differences: readonly Difference[]): Pixels {
  const data = Buffer.from(picture.data)
  const { width, height } = picture
  const paint = (x: number, y: number) => {
    if (x >= 0 && y >= 0 && x < width && y < height) data.writeUIntBE(0xe6007e, (y * width + x) * 4, 3)
  }
  for (const { left, top, right, bottom } of differences)
    for (const thick of [0, 1, 2]) {
      for (let x = left - thick; x < right + thick; x += 1)
        [top - 1 - thick, bottom + thick].forEach((y) => paint(x, y))
      for (let y = top - thick; y < bottom + thick; y += 1)
        [left - 1 - thick, right + thick].forEach((x) => paint(x, y))
    }
  return { width, height, data }
}
