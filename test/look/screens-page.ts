import type { Chapter, Scene } from './scene.js'

const WIDTHS = { desktop: 480, phone: 150, dark: 480 } as const

function pictures({ name, about }: Scene): string {
  const images = Object.entries(WIDTHS).map(
    ([look, width]) => `<img src="images/${name}-${look}.png" width="${width}" alt="${name}, ${look}">`,
  )
  return `### ${name}\n${about}\n\n${images.join('\n')}\n`
}

/** docs/screens.md: every picture, and what its page is for. */
export function screensPage(chapters: readonly Chapter[]): string {
  const parts = chapters.map(({ title, scenes }) => `## ${title}\n${scenes.map(pictures).join('\n')}`)
  return `# Every page
These are pictures of the demo, by \`npm run screenshots\`: each page in each of its states, on a desktop, on a phone and in
the dark. The suite makes them again and compares the mean colours of squares of 8 by 8 pixels: a letter may be drawn
otherwise or stand half a pixel further on; it fails when an element is moved, missing or of another colour, and says where.
A hairline that goes, and a grey text of a slightly other grey, pass. When a page shall look otherwise: \`npm run screenshots\`.

${parts.join('\n')}`
}
