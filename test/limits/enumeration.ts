import { KINDS, traits, type Kind } from './kinds-of-account.js'
import type { Hosts } from './start-hosts.js'
import { Wire } from './wire.js'

export interface Enumeration {
  /** Different answers there were, with who got them; one means that nothing can be told. */
  answers: Map<string, Set<Kind>>
  /** Milliseconds, sorted, per kind. */
  times: Map<Kind, number[]>
}

/** Where somebody who guesses may ask. */
export type Door = '/sign-in' | '/forgot-password'

/**
 * Asks for each kind of account by turns, one after the other, so that whatever the machine does meets all alike; nobody
 * waits in between, so that what is done after an answer meets the next one.
 */
export async function enumerate(hosts: Hosts, rounds: number, door: Door = '/sign-in'): Promise<Enumeration> {
  const [host] = hosts.processes
  const wire = new Wire(Number(new URL(host!.url).port), 1)
  const answers: Enumeration['answers'] = new Map()
  const times: Enumeration['times'] = new Map()
  const kinds = Object.entries(KINDS) as [Kind, (typeof KINDS)[Kind]][]
  for (let round = 0; round < rounds; round += 1) {
    const { cookie, csrfToken } = await wire.visitor()
    const first = round % kinds.length // so that none always comes first
    for (const [kind, { email, password }] of [...kinds.slice(first), ...kinds.slice(0, first)]) {
      const headers = { cookie, accept: 'text/html', 'x-forwarded-for': `198.18.${round >> 8}.${round & 255}` }
      const reply = await wire.send(`/security${door}`, headers, {
        csrfToken,
        email,
        ...(door === '/sign-in' && { password }),
      })
      const seen = traits(reply, email)
      answers.set(seen, (answers.get(seen) ?? new Set()).add(kind))
      times.set(kind, [...(times.get(kind) ?? []), reply.ms])
    }
    await host!.advance(16 * 60_000) // or there would be more to wait than to try
  }
  wire.close()
  for (const list of times.values()) list.sort((a, b) => a - b)
  return { answers, times }
}
