import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import { ConfigurationError } from '../src/core/errors.js'

const OURS = fileURLToPath(new URL('../../views/', import.meta.url))

/** Our templates, each of which the host may replace by one of the same name. */
export class Templates {
  readonly #ours = etaWith(new Map())
  /** With the host's in their places; null: it has none. */
  readonly #own: Eta | null
  readonly #report: (error: unknown) => void

  /** `folder`: the host's templates, e.g. with an `elements/button.eta`. Throws ConfigurationError for one that replaces nothing or cannot be read. */
  constructor(folder: string | null, report: (error: unknown) => void) {
    this.#own = folder === null ? null : etaWith(replacements(resolve(folder)))
    this.#report = report
  }

  /** A page in which a template of the host's fails is reported and rendered by ours: nobody is kept from what it is for. */
  render(name: string, scope: object): string {
    if (this.#own)
      try {
        return this.#own.render(name, scope)
      } catch (error) {
        this.#report(error)
      }
    return this.#ours.render(name, scope)
  }
}

function etaWith(own: ReadonlyMap<string, string>): Eta {
  const eta = new Eta({ views: OURS, cache: true, autoEscape: true })
  const toOurs = eta.resolvePath.bind(eta)
  eta.resolvePath = (name, options) => own.get(name) ?? toOurs(name, options)
  return eta
}

/** The host's templates by the name that ours include them with. */
function replacements(folder: string): Map<string, string> {
  const ours = templatesIn(OURS)
  const found = templatesIn(folder)
  for (const [name, file] of found) {
    if (!ours.has(name))
      throw new ConfigurationError(
        `pages.templates: ${file} replaces none of ours; there are ${[...ours.keys()].map((each) => `${each.slice(1)}.eta`).join(', ')}`,
      )
    assertCompiles(file)
  }
  return found
}

function assertCompiles(file: string): void {
  try {
    new Eta().compile(readFileSync(file, 'utf8'))
  } catch (cause) {
    const [reason] = (cause as Error).message.split('\n')
    throw new ConfigurationError(`pages.templates: ${file} is no template: ${reason}`, { cause })
  }
}

function templatesIn(folder: string): Map<string, string> {
  let files: string[]
  try {
    files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  } catch (cause) {
    throw new ConfigurationError(
      `pages.templates: ${folder} cannot be read; write the path of a folder with .eta files`,
      { cause },
    )
  }
  const templates = files.filter((file) => file.endsWith('.eta')).toSorted()
  return new Map(templates.map((file) => [nameOf(file), join(folder, file)]))
}

const nameOf = (file: string) => `/${file.split(sep).join('/').slice(0, -'.eta'.length)}`
