import { spawnSync } from 'node:child_process'

/** Where the processes of a run live, and what that was found from. */
export type Isolation =
  | {
      readonly mode: 'namespaces'
      /** What is put before a command line so that it runs in namespaces of its own. */
      readonly prefix: readonly string[]
    }
  | { readonly mode: 'loopback'; readonly prefix: readonly []; readonly why: string }

/**
 * The run's own network, mounts and processes. The kernel removes the namespaces with the last process
 * in them, and kills every process in them with the first: nothing is left behind, however a run ends.
 */
const OWN = ['--net', '--mount', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc']
/** Root needs no other name; without root, a user namespace in which we are. */
const PREFIXES = [
  ['unshare', ...OWN],
  ['unshare', '--user', '--map-root-user', ...OWN],
]

/** What a run asks of its namespaces, and nothing of the machine's own network. */
const PROBE = [
  'mount -t tmpfs tmpfs /run',
  'ip link set lo up',
  'ip netns add probe',
  'ip link add probe0 type bridge',
  'ip link add probe1 type veth peer name eth0 netns probe',
  'ip link set probe1 master probe0',
  'ip netns exec probe true',
].join(' && ')

/** Finds the strongest isolation that this machine lets us have. */
export function findIsolation(): Isolation {
  const reasons: string[] = []
  for (const prefix of PREFIXES) {
    const [command = '', ...args] = prefix
    const ran = spawnSync(command, [...args, 'sh', '-c', PROBE], { encoding: 'utf8' })
    if (ran.status === 0) return { mode: 'namespaces', prefix }
    const why = ran.error?.message ?? ran.stderr.trim().split('\n').at(-1)
    reasons.push(`${prefix.slice(0, 2).join(' ')}: ${why}`)
  }
  return { mode: 'loopback', prefix: [], why: reasons.join('; ') }
}
