/** What the data section may hold; a bigint is written as uint64, a number as uint32. */
type Value = string | number | bigint | Value[] | { [key: string]: Value }
/** A record of the search tree: another node, the offset of data, or nothing. */
type Entry = Node | number | null
type Node = [Entry, Entry]

const RECORD_BITS = 24
const SEPARATOR = Buffer.alloc(16)
const METADATA = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/**
 * Writes a MaxMind DB (file format 2.0) with these networks, e.g. `{ '203.0.113.0/24': { ... } }`: a binary tree over
 * the bits of the address, records of 24 bits, IPv4 under ::/96. Networks must not overlap.
 */
export function mmdb(networks: Record<string, Value>, type = 'Test-City'): Buffer {
  const root: Node = [null, null]
  let data = Buffer.alloc(0)
  for (const [network, value] of Object.entries(networks)) {
    put(root, bitsOf(network), data.length)
    data = Buffer.concat([data, encode(value)])
  }
  const nodes = numbered(root)
  const tree = Buffer.alloc((nodes.size * RECORD_BITS) / 4)
  for (const [node, number] of nodes)
    node.forEach((entry, side) => {
      const record = recordOf(entry, nodes)
      tree.writeUIntBE(record, number * 6 + side * 3, 3)
    })
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000n,
    database_type: type,
    description: { en: 'Written by a test' },
    ip_version: 6,
    languages: ['en'],
    node_count: nodes.size,
    record_size: RECORD_BITS,
  })
  return Buffer.concat([tree, SEPARATOR, data, METADATA, metadata])
}

/** "Nothing" is the number of nodes; data begins 16 above it. */
function recordOf(entry: Entry, nodes: ReadonlyMap<Node, number>): number {
  if (entry === null) return nodes.size
  return typeof entry === 'number' ? nodes.size + SEPARATOR.length + entry : nodes.get(entry)!
}

function put(root: Node, bits: readonly (0 | 1)[], offset: number): void {
  let node = root
  for (const bit of bits.slice(0, -1)) {
    const next = (node[bit] ??= [null, null])
    if (typeof next === 'number') throw new Error('networks overlap')
    node = next
  }
  node[bits.at(-1)!] = offset
}

/** Every node and its number; the root is 0. */
function numbered(root: Node): Map<Node, number> {
  const nodes = new Map<Node, number>([[root, 0]])
  for (const node of nodes.keys()) for (const entry of node) if (Array.isArray(entry)) nodes.set(entry, nodes.size)
  return nodes
}

/** The bits of a network in the tree of IPv6; IPv4 comes after 96 zeros. */
function bitsOf(network: string): (0 | 1)[] {
  const [address, length] = network.split('/') as [string, string]
  const isV4 = address.includes('.')
  const bytes = isV4 ? [...Array<number>(12).fill(0), ...address.split('.').map(Number)] : bytesOfV6(address)
  const bits = bytes.flatMap((byte) => Array.from({ length: 8 }, (_, i) => ((byte >> (7 - i)) & 1) as 0 | 1))
  return bits.slice(0, Number(length) + (isV4 ? 96 : 0))
}

function bytesOfV6(address: string): number[] {
  const [head, tail] = address.split('::').map((part) => (part ? part.split(':') : []))
  const zeros = tail ? Array<string>(8 - head!.length - tail.length).fill('0') : []
  const groups = [...head!, ...zeros, ...(tail ?? [])].map((group) => Number.parseInt(group, 16))
  return groups.flatMap((group) => [group >> 8, group & 255])
}

/** A field of the data section: a control byte (type and size), then the payload. */
function encode(value: Value): Buffer {
  if (typeof value === 'string') return withSize(2, Buffer.byteLength(value), Buffer.from(value))
  if (typeof value === 'number') return number(6, BigInt(value))
  if (typeof value === 'bigint') return number(9, value)
  if (Array.isArray(value)) return withSize(11, value.length, ...value.map(encode))
  const entries = Object.entries(value)
  return withSize(7, entries.length, ...entries.flatMap((entry) => entry.map(encode)))
}

function number(type: number, value: bigint): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(value === 0n ? '' : hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return withSize(type, bytes.length, bytes)
}

/** Types above 7 are "extended": their number stands in a byte of its own. */
function withSize(type: number, size: number, ...payload: Buffer[]): Buffer {
  if (size >= 285) throw new Error('longer than a test needs')
  const [low, more] = size < 29 ? [size, []] : [29, [size - 29]]
  const control = type > 7 ? [low, type - 7] : [(type << 5) | low]
  return Buffer.concat([Buffer.from([...control, ...more]), ...payload])
}
