import { openDatabase } from '../../src/stores/sql/database.js'
import { hydra } from './hydra.js'
import { PASSWORD } from './people.js'
import { startLimitsHosts, type Hosts } from './start-hosts.js'
import { Wire } from './wire.js'

const OWNER = 'ada@limits.test'

export interface Guessing {
  guesses: number
  /** How many of them were verified at all. */
  verified: number
  /** So many would have been, had each been sent in the very moment in which its wait was over. */
  allowed: number
  seconds: number
  /** Sign-ins of the owner on a known device meanwhile, in ms; and the answers that refused one. */
  owner: { ms: number[]; refused: number[] }
}

/** Hydra tries many passwords of one account from several networks, while its owner signs in on a known device. */
export async function guessing(networks: number, wordsEach: number, pauseMs: number): Promise<Guessing> {
  const hosts = await startLimitsHosts(1, { options: { requestsPerMinute: 1_000_000 } })
  const port = Number(new URL(hosts.processes[0]!.url).port)
  const owner = new Owner(new Wire(port, 1))
  try {
    await owner.signIn()
    const began = performance.now()
    const attacks = Array.from({ length: networks }, (_, n) => {
      const words = Array.from({ length: wordsEach }, (_, i) => `Hydra-Guess-${n}-${i}`)
      return hydra({ port, email: OWNER, words, from: `203.0.113.${n}` })
    })
    const attack = Promise.all(attacks)
    const ms: number[] = []
    const refused: number[] = []
    const attacking = new AbortController()
    const end = attack.finally(() => attacking.abort())
    end.catch(() => {}) // awaited below
    while (!attacking.signal.aborted) {
      const { status, ms: took } = await owner.signIn()
      ms.push(took)
      if (status !== 303) refused.push(status)
      await new Promise((done) => setTimeout(done, pauseMs))
    }
    await end
    const seconds = (performance.now() - began) / 1000
    return {
      guesses: networks * wordsEach,
      verified: await verifiedGuesses(hosts),
      allowed: 5 + Math.floor(Math.log2(seconds + 1)) + 1,
      seconds,
      owner: { ms: ms.toSorted((a, b) => a - b), refused },
    }
  } finally {
    owner.wire.close()
    await hosts.close()
  }
}

/** A browser in which the owner has signed in before; each time it begins without a session. */
class Owner {
  #device = ''

  constructor(readonly wire: Wire) {}

  async signIn() {
    const { cookie, csrfToken } = await this.wire.visitor()
    const headers = { accept: 'text/html', cookie: `${cookie}; ${this.#device}`, 'x-forwarded-for': '198.51.100.1' }
    const reply = await this.wire.send('/security/sign-in', headers, { csrfToken, email: OWNER, password: PASSWORD })
    const cookies = [reply.headers['set-cookie'] ?? []].flat()
    this.#device = cookies.find((each) => each.includes('_device_'))?.split(';')[0] ?? this.#device
    return reply
  }
}

async function verifiedGuesses({ database }: Hosts): Promise<number> {
  const db = await openDatabase(database)
  const rows = await db
    .selectFrom('security_audit_events')
    .select('details')
    .where('action', '=', 'auth.sign_in_failed')
    .execute()
  await db.destroy()
  return rows.filter((row) => row.details.includes('invalid_credentials')).length
}
