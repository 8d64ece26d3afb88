import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHAPTERS, looksOf, openPlay } from './play.js'
import { decode, encode } from './png.js'
import { screensPage } from './screens-page.js'

// `npm run screenshots`: writes docs/images and docs/screens.md.
const FOLDER = 'docs/images'
const began = performance.now()
mkdirSync(FOLDER, { recursive: true })
const written = new Set<string>()
let bytes = 0
const play = await openPlay()
try {
  for (const scene of CHAPTERS.flatMap(({ scenes }) => scenes)) {
    const pictureAs = await play.enter(scene)
    for (const look of looksOf(scene)) {
      const file = `${scene.name}-${look}.png`
      const png = encode(decode(await pictureAs(look)))
      writeFileSync(join(FOLDER, file), png)
      written.add(file)
      bytes += png.length
    }
  }
} finally {
  await play.close()
}
for (const file of readdirSync(FOLDER)) if (file.endsWith('.png') && !written.has(file)) rmSync(join(FOLDER, file)) // a scene that is no more
writeFileSync('docs/screens.md', screensPage(CHAPTERS))
const seconds = Math.round((performance.now() - began) / 1000)
console.log(`${written.size} pictures in ${FOLDER}, ${Math.round(bytes / 1024)} KiB, in ${seconds} s`)
process.exit(0) // a request that the app never answered is of no interest any more
