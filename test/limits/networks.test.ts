import assert from 'node:assert/strict'
import type { Express } from 'express'
import { networkOf, plainAddress } from '../../src/core/addresses.js'
import { ada, startHost, type Host, type HostOptions } from '../support/host.js'
import { StillClock } from '../support/clock.js'
import { guess, guessUntilRefused, type Guess } from './guess.js'

describe('A network', () => {
  const networks: [string, string | null, string][] = [
    ['an IPv4 address', '198.51.100.1', '198.51.100.1'],
    ['one in IPv6 clothes', '::ffff:198.51.100.1', '198.51.100.1'],
    ['the same, in capitals', '::FFFF:198.51.100.1', '198.51.100.1'],
    ['the same, in hex', '::ffff:c633:6401', '198.51.100.1'],
    ['the same, written out', '0:0:0:0:0:ffff:c633:6401', '198.51.100.1'],
    ['the /64 of an IPv6 address', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['the same, abbreviated', '2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['the same, with zeros and in capitals', '2001:0DB8:0001:0002::FFFF', '2001:db8:1:2::/64'],
    ['the same, with an IPv4 tail', '2001:db8:1:2::198.51.100.1', '2001:db8:1:2::/64'],
    ['the same, with a zone', '2001:db8:1:2::1%eth0', '2001:db8:1:2::/64'],
    ['another /64', '2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['one with zeros in it', '2001:db8::1', '2001:db8:0:0::/64'],
    ['loopback', '::1', '0:0:0:0::/64'],
    ['what nobody knows', null, 'unknown'],
    ['what is no address', 'example.com', 'unknown'],
  ]
  for (const [name, address, network] of networks)
    it(`${name}: ${address} is ${network}`, () => assert.equal(networkOf(address), network))

  it('an address that is not in IPv6 clothes stays as it is', () => {
    for (const each of ['198.51.100.1', '2001:db8::1', '::1', '::', '::198.51.100.1', '1:0:0:0:0:ffff:c633:6401'])
      assert.equal(plainAddress(each), each)
  })
})

describe('Who counts as the same network', () => {
  async function withHost(options: HostOptions, work: (host: Host) => Promise<void>): Promise<void> {
    const host = await startHost({ clock: new StillClock(), throttle: { perNetwork: 4 }, ...options })
    try {
      await work(host)
    } finally {
      await host.close()
    }
  }
  const trusting = (value: unknown) => ({ before: (app: Express) => app.set('trust proxy', value) })
  /** Somebody tries account after account, each time with what `from` makes of the number. */
  const sprayFrom =
    (from: (i: number) => string) =>
    (i: number): Guess => ({ email: `spray${i}@acme.test`, from: from(i) })

  it('addresses of one /64, and one address in different spellings', () =>
    withHost(trusting(1), async (host) => {
      const oneSite = sprayFrom((i) => `2001:db8:0:7:${i}::${(i * 7919).toString(16)}`)
      assert.equal((await guessUntilRefused(host, oneSite)).tries, 4)
      assert.equal((await guess(host, { email: ada.email, from: '2001:db8:0:8::1' })).status, 422)
      const dressed = ['198.51.100.1', '::ffff:198.51.100.1', '::ffff:c633:6401', '0:0:0:0:0:FFFF:198.51.100.1']
      assert.equal(
        (
          await guessUntilRefused(
            host,
            sprayFrom((i) => dressed[i % 4]!),
          )
        ).tries,
        4,
      )
      assert.equal((await guess(host, { email: ada.email, from: '198.51.100.2' })).status, 422)
    }))

  it('without a trusted proxy, whatever X-Forwarded-For claims', () =>
    withHost({}, async (host) => {
      assert.equal(
        (
          await guessUntilRefused(
            host,
            sprayFrom((i) => `198.51.100.${i}`),
          )
        ).tries,
        4,
      )
    }))

  it('behind one trusted proxy, whatever the client had written before it', () =>
    withHost(trusting(1), async (host) => {
      assert.equal(
        (
          await guessUntilRefused(
            host,
            sprayFrom((i) => `10.0.0.${i}, 203.0.113.5`),
          )
        ).tries,
        4,
      )
      assert.equal((await guess(host, { email: ada.email, from: '10.0.0.1, 203.0.113.6' })).status, 422)
    }))

  it('with `trust proxy: true`, what `proxyHops` counts: none unless told', async () => {
    await withHost(trusting(true), async (host) => {
      assert.equal(
        (
          await guessUntilRefused(
            host,
            sprayFrom((i) => `198.51.100.${i}`),
          )
        ).tries,
        4,
      )
    })
    await withHost({ ...trusting(true), proxyHops: 1 }, async (host) => {
      assert.equal(
        (
          await guessUntilRefused(
            host,
            sprayFrom((i) => `10.0.0.${i}, 203.0.113.5`),
          )
        ).tries,
        4,
      )
      assert.equal((await guess(host, { email: ada.email, from: '10.0.0.1, 203.0.113.6' })).status, 422)
      assert.equal((await guess(host, { email: ada.email, from: '10.0.0.1, ::ffff:cb00:7105' })).status, 429)
    })
  })

  it('text in X-Forwarded-For that is no address: the proxy itself', () =>
    withHost(trusting(1), async (host) => {
      assert.equal(
        (
          await guessUntilRefused(
            host,
            sprayFrom((i) => `<b>${i}</b>`),
          )
        ).tries,
        4,
      )
    }))
})
