import assert from 'node:assert/strict'
import { rememberedBy, type Asked } from '../../middleware/negotiate.js'

describe('What was negotiated for a header', () => {
  let worked: number
  let negotiate: (req: Asked) => string
  beforeEach(() => {
    worked = 0
    negotiate = rememberedBy('accept-language', (req) => {
      worked += 1
      return `for ${req.get('accept-language')}`
    })
  })
  const ask = (header: string | undefined) => negotiate({ get: () => header } as unknown as Asked)

  it('is remembered, for that header alone', () => {
    for (let i = 0; i < 3; i += 1)
      for (const header of ['de', 'en', undefined]) assert.equal(ask(header), `for ${header}`)
    assert.equal(worked, 3)
  })

  it('is forgotten when a stranger sends many others, so that memory stays as it is', () => {
    ask('de')
    for (let i = 0; i < 200; i += 1) ask(`x-${i}`)
    assert.equal(ask('de'), 'for de')
    assert.equal(worked, 202)
  })

  it('is not remembered for a header that is long', () => {
    const long = 'de;q=0.5,'.repeat(40)
    for (let i = 0; i < 2; i += 1) assert.equal(ask(long), `for ${long}`)
    assert.equal(worked, 2)
  })
})
