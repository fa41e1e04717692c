import type { FuzzTarget } from './target.ts'
import { admission, admissionReal } from './targets/admission.ts'
import { certificateFiles, certificateFilesReal } from './targets/certificate-files.ts'
import { manifestFiles, nodeConfigs } from './targets/config-files.ts'
import { chainAnswers } from './targets/chain-answers.ts'
import { decoders } from './targets/decoders.ts'
import { dialogues } from './targets/dialogues.ts'
import { dnsAnswers } from './targets/dns-answers.ts'
import { feedAnswers, feedEvents } from './targets/feeds.ts'
import { evidenceFiles } from './targets/evidence-files.ts'
import { healthMessages } from './targets/health-messages.ts'
import { httpRoutes } from './targets/http-routes.ts'
import { canonicalParams, manifests } from './targets/manifests.ts'
import { ibcAnswers } from './targets/ibc-answers.ts'
import { pingOutputs } from './targets/ping-outputs.ts'
import { probes } from './targets/probes.ts'
import { evidence, viewCertificates } from './targets/signed-things.ts'
import { timeAnswers } from './targets/time-answers.ts'
import { answers, direct, frames, requests } from './targets/streams.ts'

/** Every boundary that bytes of strangers, operators or targets reach. */
export const fuzzTargets: readonly FuzzTarget[] = [
  decoders,
  admission,
  admissionReal,
  evidence,
  viewCertificates,
  certificateFiles,
  certificateFilesReal,
  evidenceFiles,
  manifests,
  canonicalParams,
  manifestFiles,
  nodeConfigs,
  frames,
  requests,
  direct,
  answers,
  httpRoutes,
  probes,
  chainAnswers,
  dialogues,
  dnsAnswers,
  healthMessages,
  ibcAnswers,
  pingOutputs,
  timeAnswers,
  feedEvents,
  feedAnswers,
]

const sharesTotal = fuzzTargets.reduce((sum, { share }) => sum + share, 0)

/** What each target gets of a run's inputs, or of its time. */
export function getPart(target: FuzzTarget, whole: number): number {
  return Math.ceil((whole * target.share) / sharesTotal)
}
