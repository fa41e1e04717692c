import { fileSystems, fillSmallDisk, keptThere } from './small-disk.ts'

// The first process in its namespaces: what a test starts. Its mounts end with it.

const [dir, fileSystemName, keptName] = process.argv.slice(2)
const fileSystem = fileSystems.find((name) => name === fileSystemName)
const kept = keptThere.find((name) => name === keptName)
if (dir === undefined || fileSystem === undefined || kept === undefined) {
  throw new TypeError(`expected a folder, ${fileSystems.join('|')} and ${keptThere.join('|')}`)
}
console.log(JSON.stringify(await fillSmallDisk(dir, fileSystem, kept)))
