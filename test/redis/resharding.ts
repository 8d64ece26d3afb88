import type { ClusterNode } from '../support/redis-cluster.js'

/** Moves a slot with its keys, as redis-cli does. `meanwhile` runs when the keys have gone and the owner is still the old one. */
export async function migrateSlot(
  slot: number,
  nodes: readonly ClusterNode[],
  target: ClusterNode,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const source = await ownerOf(slot, nodes)
  if (source.id === target.id) return
  await target.client.cluster('SETSLOT', slot, 'IMPORTING', source.id)
  await source.client.cluster('SETSLOT', slot, 'MIGRATING', target.id)
  for (;;) {
    const keys = await source.client.cluster('GETKEYSINSLOT', slot, 100)
    if (keys.length === 0) break
    await source.client.call('MIGRATE', '127.0.0.1', target.server.port, '', 0, 5_000, 'KEYS', ...keys)
  }
  await meanwhile()
  for (const node of [target, source, ...nodes.filter((each) => each !== target && each !== source)])
    await node.client.cluster('SETSLOT', slot, 'NODE', target.id)
}

async function ownerOf(slot: number, nodes: readonly ClusterNode[]): Promise<ClusterNode> {
  const ranges = (await nodes[0]!.client.cluster('SLOTS')) as unknown as [number, number, [string, number, string]][]
  const [, , [, , id]] = ranges.find(([from, to]) => from <= slot && slot <= to)!
  return nodes.find((node) => node.id === id)!
}
