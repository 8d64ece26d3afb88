import { createSecurity } from 'sallyport'
import { BASE } from '../support/browser.js'
import { SECRET } from '../support/host.js'

/** An address of ours as the router has it, e.g. `/security/sessions/:id/revoke`. */
export interface Route {
  path: string
  methods: readonly string[]
}

interface Layer {
  route?: { path: string; methods: Record<string, boolean> }
  handle?: { stack?: Layer[] }
}

/** Every route of the real router, read off its stack: what is added to it gets its junk by itself. */
export async function routesOfRouter(): Promise<Route[]> {
  const security = await createSecurity({
    origin: 'http://localhost:3000',
    secret: SECRET,
    database: 'sqlite::memory:',
    users: { findById: () => null, findByEmail: () => null },
  })
  const routes = new Map<string, Set<string>>()
  const read = (layers: readonly Layer[], base: string): void => {
    for (const { route, handle } of layers) {
      if (handle?.stack) read(handle.stack, BASE)
      if (!route || route.methods._all) continue
      const path = base + route.path
      const methods = routes.get(path) ?? new Set()
      for (const method of Object.keys(route.methods)) methods.add(method.toUpperCase())
      routes.set(path, methods)
    }
  }
  read((security.router as unknown as { stack: Layer[] }).stack, '')
  await security.close()
  return [...routes].map(([path, methods]) => ({ path, methods: [...methods] }))
}
