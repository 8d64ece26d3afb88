import { toString as draw } from 'qrcode'

/** The QR code of a text as an `<svg>` element: black on white whatever the page looks like, with the quiet zone of ISO 18004. */
export async function qrCode(text: string): Promise<string> {
  const svg = await draw(text, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 })
  return svg.replace('<svg ', '<svg aria-hidden="true" focusable="false" ').trim()
}
