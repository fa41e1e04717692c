import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatVectors, vectorFiles } from './vector-files.ts'

// `npm run vectors`: writes every file of vectors beside this one, the same bytes on every run.
for (const { name, make } of vectorFiles) {
  const path = join(import.meta.dirname, `${name}.json`)
  const text = formatVectors(make())
  writeFileSync(path, text)
  process.stdout.write(`${name}.json: ${text.length} bytes\n`)
}
