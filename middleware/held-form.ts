import type { Request } from 'express'
import { SecurityError } from '../src/core/errors.js'
import type { HeldForm } from '../src/features/one-time-secrets/one-time-secrets.js'

/** Forms of more bytes are not kept. */
const MOST_BYTES = 65_536
const TYPE = 'application/x-www-form-urlencoded'

/** The bytes of requests that were looked at before: two guards may stand before one route. */
const seen = new WeakMap<Request, Promise<Buffer>>()

/**
 * The form that a request brings, as it came or as a body parser has left it; the stream stays as if nobody had read
 * it. Null: there is none that could be given back exactly, because it is too big, no form, or half read. Throws
 * `bad_request` when the browser has gone.
 */
export async function heldForm(req: Request): Promise<HeldForm | null> {
  const type = req.get('content-type') ?? ''
  const length = Number(req.get('content-length') ?? NaN)
  if (req.method !== 'POST' || !isForm(type) || req.get('content-encoding') || !(length <= MOST_BYTES)) return null
  if (!seen.has(req) && isTaken(req)) return bodyOf(req.body)
  if (!seen.has(req)) seen.set(req, lookAhead(req, length))
  const bytes = await seen.get(req)!
  if (!req.readable && length > 0) return bodyOf(req.body) // a parser stood between two guards
  return { kind: 'bytes', bytes: bytes.toString('latin1'), type }
}

const isForm = (type: string): boolean => type.split(';')[0]!.trim().toLowerCase() === TYPE

/** Somebody has read the stream, or has begun to. */
const isTaken = (req: Request): boolean =>
  !req.readable || req.readableDidRead || req.readableFlowing !== null || req.readableEncoding !== null

/** Nothing but data that JSON gives back as it was; a parser, or who came after it, may have made anything of a form. */
function bodyOf(body: unknown): HeldForm | null {
  if (!isPlain(body) || Array.isArray(body)) return null
  const bare = Object.getPrototypeOf(body) === null
  return isData(body, 0) ? { kind: 'body', body: { fields: body, bare } } : null
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))

function isData(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (depth > 32 || !(Array.isArray(value) || isPlain(value))) return false
  return Object.values(value).every((each) => isData(each, depth + 1))
}

/** Reads the whole body and puts it back, before anybody is told that it has ended. */
function lookAhead(req: Request, length: number): Promise<Buffer> {
  if (length === 0) return Promise.resolve(Buffer.alloc(0))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const leave = () => {
      req.off('readable', read)
      for (const event of ENDS) req.off(event, gone)
    }
    // nobody waits for the answer; but a parser of Express 4 would say that the server has failed
    const gone = () => {
      leave()
      reject(new SecurityError('bad_request'))
    }
    const read = () => {
      for (let chunk: unknown; (chunk = req.read()) !== null;) chunks.push(chunk as Buffer)
      const bytes = Buffer.concat(chunks)
      if (bytes.length < length) return
      req.unshift(bytes)
      leave()
      setImmediate(resolve, bytes) // the stream takes note on the next tick that nobody listens any more
    }
    for (const event of ENDS) req.on(event, gone)
    req.on('readable', read)
  })
}

const ENDS = ['end', 'error', 'close'] as const

/** A field of a form, where it has one such text. */
export function fieldOf(form: HeldForm, name: string): string | null {
  if (form.kind === 'bytes') return new URLSearchParams(form.bytes).get(name)
  const value = Object.hasOwn(form.body.fields, name) ? form.body.fields[name] : null
  return typeof value === 'string' ? value : null
}

/** Makes a request bring another form than `now`, as if it had been sent so: body parsers that come later read that one. */
export function bringForm(req: Request, now: HeldForm, form: HeldForm): void {
  if (form.kind === 'body') return void (req.body = asParsed(form.body))
  // an empty form would end the stream before a parser listens; a lone "&" is as empty
  const bytes = Buffer.from(form.bytes === '' ? '&' : form.bytes, 'latin1')
  if (now.kind === 'bytes') while (req.read() !== null);
  req.unshift(bytes)
  seen.set(req, Promise.resolve(bytes)) // the next guard before the parser meets what was brought
  req.headers['content-length'] = String(bytes.length)
  req.headers['content-type'] = form.type
}

/** The body as its parser has made it. */
export const asParsed = ({ fields, bare }: { fields: Record<string, unknown>; bare: boolean }): object =>
  bare ? Object.assign(Object.create(null) as object, fields) : fields
