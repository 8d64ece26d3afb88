/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Something that is seen: a line of a text, an icon, a control. */
interface Thing {
  element: Element
  what: string
  /** It may have texts of its own in it. */
  isFrame: boolean
  box: { left: number; right: number; top: number; bottom: number }
}

/**
 * What is wrong with how the page (or the dialog on it) is laid out, in words: it scrolls sideways, a text is cut off or
 * spills out of its box, two things lie on one another, a control is smaller than 24 by 24 pixels (WCAG 2.5.8). A text
 * that ends in an ellipsis is whole in a `title`. Runs in the page, so it must not name anything outside of itself.
 */
export function layoutFlaws(): string[] {
  const SLACK = 1.5
  const flaws: string[] = []
  const { scrollWidth, clientWidth } = document.documentElement
  if (scrollWidth > clientWidth) flaws.push(`the page scrolls sideways: ${scrollWidth} > ${clientWidth}`)
  const root = document.querySelector('dialog[open]') ?? document.body
  const isSeen = (element: Element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    !element.closest('.sp-hidden, .sp-skip:not(:focus)')
  const named = (element: Element) => {
    const text = (element.textContent.trim() || element.getAttribute('name') || '').slice(0, 60)
    return `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}"> "${text}"`
  }

  /** The part of a line that its frames let through; a flaw where that is not all of it. */
  function visiblePart(element: Element, text: string, line: DOMRect): Thing['box'] {
    let { left, right, top, bottom } = line
    for (let frame: Element | null = element; frame && root.contains(frame); frame = frame.parentElement) {
      const { overflowX, overflowY, textOverflow, webkitLineClamp, display } = getComputedStyle(frame)
      if (display === 'inline' || display === 'contents') continue
      const edge = frame.getBoundingClientRect()
      const isOut = left < edge.left - SLACK || right > edge.right + SLACK
      const isWhole = overflowX === 'hidden' && frame.closest('[title]')?.getAttribute('title')?.includes(text)
      if (isOut && !(isWhole && textOverflow === 'ellipsis'))
        flaws.push(`${overflowX === 'visible' ? 'spills out of' : 'is cut off by'} ${named(frame)}: "${text}"`)
      if (overflowY === 'hidden' && bottom > edge.bottom + 3 && !(isWhole && webkitLineClamp !== 'none'))
        flaws.push(`is cut off below: "${text}"`)
      left = Math.max(left, edge.left)
      right = Math.min(right, edge.right)
      if (overflowY === 'hidden') bottom = Math.min(bottom, edge.bottom)
    }
    const letters = (bottom - top) * 0.2 // the room above and below them, which lines share
    return { left, right, top: top + letters, bottom: bottom - letters }
  }

  const things: Thing[] = []
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode.nodeValue!.trim()
    const element = texts.currentNode.parentElement!
    if (text === '' || !isSeen(element)) continue
    const range = document.createRange()
    range.selectNodeContents(texts.currentNode)
    for (const line of range.getClientRects())
      if (line.width > 0)
        things.push({ element, what: `"${text.slice(0, 60)}"`, isFrame: false, box: visiblePart(element, text, line) })
  }
  for (const element of root.querySelectorAll('svg, img, input:not([type=hidden]), .sp-show, .sp-button')) {
    if (!isSeen(element)) continue
    const { left, right, top, bottom } = element.getBoundingClientRect()
    const { paddingLeft, paddingRight } = getComputedStyle(element)
    const [before, after] = element.tagName === 'INPUT' ? [parseFloat(paddingLeft), parseFloat(paddingRight)] : [0, 0]
    const box = { left: left + before, right: right - after, top, bottom }
    things.push({ element, what: named(element), isFrame: true, box })
  }
  things.sort((one, other) => one.box.top - other.box.top)
  things.forEach((one, index) => {
    for (let at = index + 1; at < things.length; at += 1) {
      const other = things[at]!
      if (other.box.top > one.box.bottom) break
      if (
        (one.isFrame && one.element.contains(other.element)) ||
        (other.isFrame && other.element.contains(one.element))
      )
        continue
      if (one.element === other.element && one.what === other.what && one.box.top === other.box.top) continue // and its ellipsis
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left)
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top)
      if (across > SLACK && down > SLACK) flaws.push(`lie on one another: ${one.what} and ${other.what}`)
    }
  })

  for (const control of root.querySelectorAll('a[href], button, input:not([type=hidden])')) {
    const { width, height } = control.getBoundingClientRect()
    if (isSeen(control) && control.closest('.sp') && (width < 24 || height < 24))
      flaws.push(`is too small to hit, ${Math.round(width)} by ${Math.round(height)}: ${named(control)}`)
  }
  return [...new Set(flaws)]
}
