// Before packing: deletes from dist what a source made that is no longer there; tsc leaves such files behind.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
for (const folder of ['src', 'middleware', 'strategies', 'views']) {
  const built = join(root, 'dist', folder)
  if (!existsSync(built)) continue
  for (const entry of readdirSync(built, { recursive: true, encoding: 'utf8' })) {
    const source = join(root, folder, entry.replace(/\.(js|js\.map|d\.ts)$/, '.ts'))
    if (statSync(join(built, entry)).isFile() && !existsSync(source)) rmSync(join(built, entry))
  }
}
