import { crc32, deflateSync } from 'node:zlib'
import { PNG } from 'pngjs'

/** Pixels, four bytes each: red, green, blue and one that is not looked at. */
export interface Pixels {
  width: number
  height: number
  data: Buffer
}

export const decode = (png: Buffer): Pixels => PNG.sync.read(png)

const MOST_COLOURS = 256

/** A PNG with a palette (RFC 2083, 4.1.2), which pngjs does not write: a third of the size. */
export function encode({ width, height, data }: Pixels): Buffer {
  const palette = paletteOf(data)
  const indexes = new Map(palette.map((colour, index) => [colour, index]))
  const rows = Buffer.alloc((width + 1) * height) // each row begins with its filter: none
  for (let y = 0, at = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1, at += 4) {
      const colour = data.readUIntBE(at, 3)
      let index = indexes.get(colour)
      if (index === undefined) indexes.set(colour, (index = nearest(palette, colour)))
      rows[y * (width + 1) + 1 + x] = index
    }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3], 8) // eight bits each, of a palette
  const table = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', table),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The colours used most, of those alike only one: the others become the nearest, as shades of letters' edges do. */
function paletteOf(data: Buffer): number[] {
  const uses = new Map<number, number>()
  for (let at = 0; at < data.length; at += 4) {
    const colour = data.readUIntBE(at, 3)
    uses.set(colour, (uses.get(colour) ?? 0) + 1)
  }
  const colours = [...uses.keys()].toSorted((a, b) => uses.get(b)! - uses.get(a)!)
  for (let alike = 0; ; alike += 2) {
    const palette: number[] = []
    for (const colour of colours) if (palette.every((each) => distance(each, colour) >= alike)) palette.push(colour)
    if (palette.length <= MOST_COLOURS) return palette
  }
}

/** The most that two colours differ by, in red, green or blue. */
const distance = (one: number, other: number): number =>
  Math.max(
    Math.abs((one >> 16) - (other >> 16)),
    Math.abs(((one >> 8) & 255) - ((other >> 8) & 255)),
    Math.abs((one & 255) - (other & 255)),
  )

function nearest(palette: readonly number[], colour: number): number {
  const distances = palette.map((each) => distance(each, colour))
  return distances.indexOf(Math.min(...distances))
}

function chunk(type: string, content: Buffer): Buffer {
  const checked = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const framed = Buffer.alloc(checked.length + 8)
  framed.writeUInt32BE(content.length, 0)
  framed.set(checked, 4)
  framed.writeUInt32BE(crc32(checked), checked.length + 4)
  return framed
}
