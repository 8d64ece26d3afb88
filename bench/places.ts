import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { relative, resolve, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A function as a profile names it; lines and columns from 0. */
export interface CallFrame {
  functionName: string
  url: string
  lineNumber: number
  columnNumber: number
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const maps = new Map<string, SourceMap | null>()

/** Whose code a function is: a package, a module of Node, a file of ours; and the same with the line. */
export function placeOf(frame: CallFrame): { owner: string; line: string } {
  const { url, lineNumber } = frame
  if (url === '') return { owner: 'V8 and system calls', line: '' }
  if (url.startsWith('node:')) return { owner: url, line: `${url}:${lineNumber + 1}` }
  const file = url.startsWith('file:') ? fileURLToPath(url) : url
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? []
  if (name) return { owner: name, line: `${file.slice(file.lastIndexOf(`/${name}/`) + 1)}:${lineNumber + 1}` }
  const source = sourceOf(file, frame)
  return { owner: source.file, line: `${source.file}:${source.line}` }
}

/** Where the TypeScript of a compiled function of ours is. */
function sourceOf(file: string, { lineNumber, columnNumber }: CallFrame): { file: string; line: number } {
  const entry = mapOf(file)?.findEntry(lineNumber, columnNumber)
  if (!entry || !('originalSource' in entry)) return { file: relative(ROOT, file), line: lineNumber + 1 }
  return { file: relative(ROOT, resolve(dirname(file), entry.originalSource)), line: entry.originalLine + 1 }
}

function mapOf(file: string): SourceMap | null {
  const known = maps.get(file)
  if (known !== undefined) return known
  let map: SourceMap | null = null
  try {
    map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload)
  } catch {
    // no map: the compiled line will do
  }
  maps.set(file, map)
  return map
}
