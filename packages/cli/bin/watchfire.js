#!/usr/bin/env node
// Plain JavaScript, committed, with nothing in it that an old Node cannot parse: an old Node must be
// able to say that it is too old. It imports statically only what every Node has.
import fs from 'node:fs'
import module from 'node:module'

const NODE_MAJOR_MIN = 24
const EXIT_BAD_CONFIG = 78

/** Imports the built program, or, before any build, its sources with their types stripped. */
function load() {
  const built = new URL('../dist/main.js', import.meta.url)
  if (fs.existsSync(built)) return import(built.href)
  module.registerHooks({
    resolve(specifier, context, nextResolve) {
      const conditions = ['watchfire-source'].concat(context.conditions)
      return nextResolve(specifier, Object.assign({}, context, { conditions }))
    },
  })
  return import(new URL('../src/main.ts', import.meta.url).href)
}

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(
    `watchfire needs Node ${NODE_MAJOR_MIN} or later; this is ${process.version} (${process.execPath})\n`,
  )
  process.exitCode = EXIT_BAD_CONFIG
} else {
  // Compiled code is kept in the system's temporary directory: a devnet starts ten processes of it.
  module.enableCompileCache()
  // A failure to load is a bug of ours: left unhandled, Node prints its stack and exits 1.
  void load()
}
