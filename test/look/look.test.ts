import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compare, marked, type Difference } from './compare.js'
import type { Look } from './looks.js'
import { CHAPTERS, openPlay, type Play } from './play.js'
import { decode, encode, type Pixels } from './png.js'
import { screensPage } from './screens-page.js'

const PICTURES = 'docs/images'
/** Where pictures are written that differ. */
const NEW_PICTURES = 'dist/look'
/** Wide and in the light, where there is most to see; narrow, where there is least room. */
const COMPARED: readonly Look[] = ['desktop', 'phone']
/** The dark changes colours alone, of what these show. */
const COMPARED_DARK = new Set([
  'security',
  'password-typing',
  'password-refused',
  'password-changed',
  'revoke-dialog',
  'sign-in-refused',
  'too-many-attempts',
])
const WHAT_TO_DO = 'If it shall look so, run `npm run screenshots` and commit docs/images.'

describe('Every page looks as it does in docs/images', function () {
  this.timeout(60_000)
  let play: Play
  before(async () => {
    rmSync(NEW_PICTURES, { recursive: true, force: true })
    play = await openPlay()
  })
  after(() => play?.close())

  for (const scene of CHAPTERS.flatMap(({ scenes }) => scenes))
    it(scene.name, async () => {
      const pictureAs = await play.enter(scene)
      const looks: Look[] = [...COMPARED, ...(COMPARED_DARK.has(scene.name) ? (['dark'] as const) : [])]
      const problems: string[] = []
      for (const look of looks) {
        const name = `${scene.name}-${look}`
        const problem = problemOf(name, decode(await pictureAs(look)))
        if (problem) problems.push(problem)
      }
      assert.equal(problems.length, 0, [...problems, WHAT_TO_DO].join('\n'))
    })

  it('docs/screens.md shows them', () => {
    assert.equal(readFileSync('docs/screens.md', 'utf8'), screensPage(CHAPTERS), 'run `npm run screenshots`')
  })
})

/** What is different, and where it can be seen. */
function problemOf(name: string, now: Pixels): string | null {
  const file = join(PICTURES, `${name}.png`)
  if (!existsSync(file)) return `${file} is missing.`
  const { size, differences } = compare(decode(readFileSync(file)), now)
  if (size === null && differences.length === 0) return null
  const [fresh, frames] = [join(NEW_PICTURES, `${name}.png`), join(NEW_PICTURES, `${name}-marked.png`)]
  mkdirSync(NEW_PICTURES, { recursive: true })
  writeFileSync(fresh, encode(now))
  if (size !== null) return `${file} has another size: ${size}. Now: ${fresh}`
  writeFileSync(frames, encode(marked(now, differences)))
  return [`${file} differs. Now: ${fresh}, with frames: ${frames}`, ...differences.map(inWords)].join('\n  ')
}

const inWords = ({ left, top, right, bottom, most }: Difference): string =>
  `from ${left},${top} to ${right},${bottom}: by up to ${Math.round(most)} of 255`
