import type { Dice } from './dice.js'

type Header = readonly [string, string]

export interface Head {
  method: string
  target: string
  headers: readonly Header[]
}

export interface OnWire {
  bytes: Buffer
  /** True when a server can tell where it ends: then it must be answered. */
  whole: boolean
  /** How the sender leaves: it waits for the answer, shuts its side, or is gone. */
  leave: 'wait' | 'shut' | 'gone'
}

const NONE = ['-1', '1e3', '0x10', 'NaN', '99999999999999999999', ' ', '1, 1']
const CHUNKS = ['ZZ\r\n', '-1\r\n', 'FFFFFFFFFFFFFFFFFF\r\nx', '5\r\nab\r\n0\r\n\r\n', '1;a=b\r\nab', '\r\n\r\n']
const HEADS = ['GET / HTTP/1.1\nHost x', '\u0000\u0001\u0002', 'GET\u0000/ HTTP/1.1', ' GET / HTTP/1.1', '\r\n\r\n\r\n']
const FIRST = Buffer.from('GET /security/sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n')
const CHUNKED: Header = ['Transfer-Encoding', 'chunked']

const lengthOf = (length: number | string): Header => ['Content-Length', String(length)]
const inChunks = (body: Buffer) =>
  Buffer.concat([
    ...(body.length > 0 ? [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')] : []),
    Buffer.from('0\r\n\r\n'),
  ])

type Way = (head: Head, body: Buffer, dice: Dice) => OnWire

/** One that a server can read to its end; it waits for the answer. A tunnel it may refuse by closing. */
function whole(head: Head, more: readonly Header[], body: Buffer, version?: string): OnWire {
  const isTunnel = head.method === 'CONNECT'
  const bytes = Buffer.concat([headOf(head, more, version), body])
  return { bytes, whole: !isTunnel, leave: isTunnel ? 'shut' : 'wait' }
}

/** One that a server cannot make sense of, or waits for the rest of, until its sender leaves. */
function lie(head: Head, more: readonly Header[], body: Buffer, leave: OnWire['leave'] = 'wait'): OnWire {
  return { bytes: Buffer.concat([headOf(head, more), body]), whole: false, leave }
}

const leaving = (dice: Dice) => dice.of(['shut', 'gone'] as const)

/** Ways to say, or to lie about, where a request ends. */
const WAYS = {
  length: (head, body) => whole(head, body.length > 0 ? [lengthOf(body.length)] : [], body),
  chunked: (head, body) => whole(head, [CHUNKED], inChunks(body)),
  'HTTP/1.0': (head, body) => whole(head, [lengthOf(body.length)], body, '1.0'),
  expect: (head, body) => whole(head, [lengthOf(body.length), ['Expect', '100-continue']], body),
  'expect what nobody can': (head, body) => whole(head, [lengthOf(body.length), ['Expect', '200-maybe']], body),
  pipelined: (head, body) => {
    const second = whole(head, [lengthOf(body.length)], body)
    return { ...second, bytes: Buffer.concat([FIRST, second.bytes]) }
  },
  'no host': (head, body) => {
    const { bytes } = lie(head, [lengthOf(body.length)], body)
    return {
      bytes: Buffer.from(bytes.toString('latin1').replace('Host: localhost\r\n', ''), 'latin1'),
      whole: false,
      leave: 'wait',
    }
  },
  'two hosts': (head, body) => lie(head, [lengthOf(body.length), ['Host', 'evil.example']], body),
  'chunks that lie': (head, _body, dice) => lie(head, [CHUNKED], Buffer.from(dice.of(CHUNKS)), leaving(dice)),
  'chunks without an end': (head, body, dice) => {
    const chunks = inChunks(body)
    return lie(head, [CHUNKED], chunks.subarray(0, dice.below(chunks.length)), leaving(dice))
  },
  'too long a length': (head, body, dice) =>
    lie(head, [lengthOf(body.length + 1 + dice.below(100_000))], body, leaving(dice)),
  'too short a length': (head, body, dice) => lie(head, [lengthOf(dice.below(body.length + 1))], body),
  'length and chunks': (head, body) => lie(head, [lengthOf(body.length), CHUNKED], inChunks(body), 'shut'),
  'two lengths': (head, body) => lie(head, [lengthOf(body.length), lengthOf(1)], body),
  'no length': (head, body) => lie(head, [], body),
  'a length that is none': (head, body, dice) => lie(head, [lengthOf(dice.of(NONE))], body, 'shut'),
  'a head without an end': (head, body, dice) => {
    const { bytes } = lie(head, [lengthOf(body.length)], Buffer.alloc(0))
    return { bytes: bytes.subarray(0, dice.below(bytes.length)), whole: false, leave: leaving(dice) }
  },
  'a head that is too large': (head, body) => lie(head, [lengthOf(body.length), ['X-Large', 'x'.repeat(20_000)]], body),
  'a head that is none': (_head, _body, dice) => ({
    bytes: Buffer.from(`${dice.of(HEADS)}\r\n\r\n`),
    whole: false,
    leave: 'shut',
  }),
  'HTTP/9.9': (head, body) => ({ ...whole(head, [lengthOf(body.length)], body, '9.9'), whole: false }),
} satisfies Record<string, Way>

export type Framing = keyof typeof WAYS
export const FRAMINGS = Object.keys(WAYS) as Framing[]

/** Puts a request on the wire. */
export const framed = (framing: Framing, head: Head, body: Buffer, dice: Dice): OnWire =>
  WAYS[framing](head, body, dice)

function headOf({ method, target, headers }: Head, more: readonly Header[], version = '1.1'): Buffer {
  const lines: Header[] = [['Host', 'localhost'], ...headers, ...more, ['Connection', 'close']]
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${method} ${target} HTTP/${version}\r\n${text}\r\n`, 'latin1')
}
