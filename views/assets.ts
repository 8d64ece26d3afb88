import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Asset {
  name: string
  body: Buffer
  type: string
}

const STYLES = new URL('../../views/assets/', import.meta.url)
const SCRIPTS = new URL('./scripts/', import.meta.url)

/** Our style sheets and our script, named by their content, so that browsers may keep them for ever. */
export class Assets {
  readonly #byName = new Map<string, Asset>()
  /** File names, in the order in which a page loads them. */
  readonly styles: readonly string[]
  readonly scripts: readonly string[]

  constructor() {
    const pico = read(import.meta.resolve('@picocss/pico/css/pico.min.css'))
    const ours = filesOf(STYLES, '.css').map((url) => read(url).replace(/\/\*[^]*?\*\/\s*/g, '')) // comments are for us
    this.styles = [this.#add('pico', 'css', pico), this.#add('sallyport', 'css', ours.join('\n'))]
    // one file; the braces keep what each part calls its own apart, as a module's scope would
    const parts = filesOf(SCRIPTS, '.js').map((url) => `{\n${read(url).replace(/^(export \{\};|\/\/# .*)$/gm, '')}}\n`)
    this.scripts = [this.#add('sallyport', 'js', parts.join(''))]
  }

  find(name: string): Asset | undefined {
    return this.#byName.get(name)
  }

  #add(id: string, kind: 'css' | 'js', text: string): string {
    const name = `${id}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.${kind}`
    const type = kind === 'css' ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8'
    this.#byName.set(name, { name, body: Buffer.from(text), type })
    return name
  }
}

/** In the order of their names. */
const filesOf = (folder: URL, extension: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(extension))
    .toSorted()
    .map((file) => new URL(file, folder).href)

const read = (url: string): string => readFileSync(fileURLToPath(url), 'utf8')
