import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A TCP forwarder on the loopback interface. */
export interface Forwarder {
  port: number
  /** What is connected stays so, and hears nothing any more, as after a server has lost its power. New connections get through. */
  orphan(): number
  close(): Promise<void>
}

export async function startForwarder(target: number): Promise<Forwarder> {
  const pairs = new Set<[client: Socket, upstream: Socket]>()
  const orphans = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true })
    const pair: [Socket, Socket] = [client, upstream]
    pairs.add(pair)
    client.pipe(upstream).pipe(client)
    const end = () => {
      pairs.delete(pair)
      for (const socket of pair) if (!orphans.has(socket)) socket.destroy()
    }
    for (const socket of pair) socket.on('error', end).on('close', end)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    orphan: () => {
      for (const [client, upstream] of pairs) {
        orphans.add(client)
        client.unpipe(upstream)
        upstream.unpipe(client)
        client.resume() // reads, and tells nobody
        upstream.destroy()
      }
      const left = pairs.size
      pairs.clear()
      return left
    },
    close: async () => {
      for (const socket of [...orphans, ...[...pairs].flat()]) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}
