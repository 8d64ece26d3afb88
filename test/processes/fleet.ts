import { startDemo, type DemoProcess } from '../support/demo.js'
import { startNginx } from '../support/nginx.js'
import { sharedPostgres } from '../support/postgres.js'
import { freePort, startRedis, tempFolder } from '../support/services.js'

/** Several processes of the demo behind nginx, on one Redis and one PostgreSQL. */
export interface Fleet {
  url: string
  kill(i: number): Promise<void>
  restart(i: number): Promise<void>
  close(): Promise<void>
}

export async function startFleet(size: number): Promise<Fleet> {
  const postgres = await sharedPostgres()
  const [redis, database, folder] = await Promise.all([startRedis(), postgres.freshDatabase(), tempFolder()])
  const ports: number[] = []
  for (let i = 0; i < size; i += 1) ports.push(await freePort())
  const nginx = await startNginx(ports)
  const url = `http://localhost:${nginx.port}`
  const start = (port: number) =>
    startDemo({
      PORT: String(port),
      ORIGIN: url,
      DATA_DIR: folder.path,
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      TRUST_PROXY: '1',
    })
  const processes: DemoProcess[] = await Promise.all(ports.map(start)) // at once, on an empty database
  return {
    url,
    kill: (i) => processes[i]!.stop(),
    restart: async (i) => void (processes[i] = await start(ports[i]!)),
    close: async () => {
      await Promise.all(processes.map((each) => each.stop()))
      await nginx.close()
      await redis.close()
      await database.drop()
      await folder.remove()
    },
  }
}
