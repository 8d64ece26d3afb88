import express from 'express'
import { createSecurity } from 'sallyport'
import { BASE } from '../support/browser.js'
import { SECRET } from '../support/host.js'
import { NO_MAIL_SERVER } from '../support/mails.js'

/** An address of ours as the router has it, e.g. `/security/sessions/:id/revoke`. */
export interface Route {
  path: string
  methods: readonly string[]
}

interface Registered {
  path: string
  methods: Record<string, boolean>
}
interface Routing {
  route: (this: unknown, path: string) => Registered
}

/** Every route of the real router, noted as it is registered: what is added gets its junk by itself. */
export async function routesOfRouter(): Promise<Route[]> {
  const registered: Registered[] = []
  const routing = ownerOf(express.Router(), 'route') as Routing
  const original = routing.route
  routing.route = function (this: unknown, path) {
    const route = original.call(this, path)
    registered.push(route)
    return route
  }
  const security = await createSecurity({
    origin: 'http://localhost:3000',
    secret: SECRET,
    database: 'sqlite::memory:',
    users: { findById: () => null, findByEmail: () => null },
    mail: NO_MAIL_SERVER, // without it some are not there
  }).finally(() => (routing.route = original))
  const routes = new Map<string, Set<string>>()
  for (const route of registered.filter(({ methods }) => !methods._all)) {
    const path = BASE + route.path
    const methods = routes.get(path) ?? new Set()
    for (const method of Object.keys(route.methods)) methods.add(method.toUpperCase())
    routes.set(path, methods)
  }
  await security.close()
  return [...routes].map(([path, methods]) => ({ path, methods: [...methods] }))
}

/** Who of an object's ancestors has this property. */
function ownerOf(object: object, property: string): object {
  let owner = object
  while (!Object.hasOwn(owner, property)) owner = Object.getPrototypeOf(owner) as object
  return owner
}
