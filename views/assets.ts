import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Asset {
  name: string
  body: Buffer
  type: string
}

const SOURCES = [
  { id: 'pico', url: import.meta.resolve('@picocss/pico/css/pico.min.css') },
  { id: 'sallyport', url: new URL('../../views/assets/sallyport.css', import.meta.url).href },
]

/** Our style sheets, named by their content, so that browsers may keep them for ever. */
export class Assets {
  readonly #byName = new Map<string, Asset>()
  /** File names in the order in which a page loads them. */
  readonly names: string[] = []

  constructor() {
    for (const { id, url } of SOURCES) {
      const body = readFileSync(fileURLToPath(url))
      const name = `${id}-${createHash('sha256').update(body).digest('hex').slice(0, 12)}.css`
      this.#byName.set(name, { name, body, type: 'text/css; charset=utf-8' })
      this.names.push(name)
    }
  }

  find(name: string): Asset | undefined {
    return this.#byName.get(name)
  }
}
