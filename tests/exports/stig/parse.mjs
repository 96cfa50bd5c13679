// Parses checklists as STIG Manager does when a person drops files on it: node parse.mjs MODULES FILE...
// Prints a JSON list: file, target, benchmark, revision, counts; `error` where the client refuses the file.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const [modules, ...files] = process.argv.slice(2)
const client = createRequire(join(modules, 'x.js'))('@nuwcdivnpt/stig-manager-client-modules')
const always = { enabled: 'always', required: 'always' }

function parserOf(file) {
  if (file.endsWith('.cklb')) return client.reviewsFromCklb
  return file.endsWith('.ckl') ? client.reviewsFromCkl : client.reviewsFromXccdf
}

const found = files.map(file => {
  try {
    const parsed = parserOf(file)({
      data: readFileSync(file, 'utf8'),
      fieldSettings: { detail: always, comment: { enabled: 'always', required: 'findings' } },
      allowAccept: true,
      importOptions: {
        autoStatus: 'submitted', unreviewed: 'always', unreviewedCommented: 'notchecked',
        emptyDetail: 'replace', emptyComment: 'ignore', allowCustom: true
      },
      scapBenchmarkMap: new Map(),
      sourceRef: file
    })
    const [checklist] = parsed.checklists
    return {
      file, target: parsed.target.name, errors: parsed.errors ?? [], checklists: parsed.checklists.length,
      benchmark: checklist.benchmarkId, revision: checklist.revisionStr, stats: checklist.stats,
      rules: checklist.reviews.map(review => review.ruleId),
      details: checklist.reviews.map(review => review.detail), comments: checklist.reviews.map(review => review.comment),
      statuses: checklist.reviews.map(review => review.status)
    }
  } catch (error) {
    return { file, error: String(error) }
  }
})
process.stdout.write(JSON.stringify(found))
