// Posts a form once, however often its button is pressed.
const AGAIN_MS = 10_000 // whoever has stopped the page from loading may send it again

for (const form of document.querySelectorAll('form')) {
  let sent = false
  form.addEventListener('submit', (event) => {
    const button = event.submitter
    if (button instanceof HTMLButtonElement && button.formMethod === 'dialog') return
    if (sent) event.preventDefault()
    else setTimeout(() => (sent = false), AGAIN_MS)
    sent = true
  })
  addEventListener('pageshow', () => (sent = false)) // back from the next page
}
