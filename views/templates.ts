import { readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import { ConfigurationError } from '../src/core/errors.js'

const OURS = fileURLToPath(new URL('../../views/', import.meta.url))

/** Our templates, each of which the host may replace by one of the same name. */
export class Templates {
  readonly #eta = new Eta({ views: OURS, cache: true, autoEscape: true })

  /** `folder`: the host's templates, e.g. with an `elements/button.eta`. Throws ConfigurationError for one that replaces nothing. */
  constructor(folder: string | null) {
    const own = folder === null ? new Map<string, string>() : replacements(folder)
    const toOurs = this.#eta.resolvePath.bind(this.#eta)
    this.#eta.resolvePath = (name, options) => own.get(name) ?? toOurs(name, options)
  }

  render(name: string, scope: object): string {
    return this.#eta.render(name, scope)
  }
}

/** The host's templates by the name that ours include them with. */
function replacements(folder: string): Map<string, string> {
  const ours = templatesIn(OURS)
  const found = templatesIn(folder)
  for (const name of found.keys())
    if (!ours.has(name))
      throw new ConfigurationError(
        `templates: ${folder}${name}.eta replaces none of ours; there are ${[...ours.keys()].join(', ')}`,
      )
  return found
}

function templatesIn(folder: string): Map<string, string> {
  let files: string[]
  try {
    files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  } catch (cause) {
    throw new ConfigurationError(`templates: ${folder} cannot be read; write the path of a folder with .eta files`, {
      cause,
    })
  }
  const templates = files.filter((file) => file.endsWith('.eta')).toSorted()
  return new Map(templates.map((file) => [nameOf(file), join(folder, file)]))
}

const nameOf = (file: string) => `/${relative('', file).split(sep).join('/').slice(0, -'.eta'.length)}`
