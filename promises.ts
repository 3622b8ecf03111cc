/**
 * What this project promises, one sentence each. A test holds a promise by naming its id at the end of its title:
 * `it('survives kill -9 [holds runs.survive_kill]', ...)`. The full test run fails when a promise is held by no passing
 * test, and when a test names an id that is not listed here.
 */
export const promises: Readonly<Record<string, string>> = {
  'house.one_direction':
    'Packages import each other in one direction only, through their public entry.',
  'house.own_rooms':
    'SQL, cryptography, the network, processes, the clock and randomness each live in the packages that own them.',
  'house.short_readmes': 'The README of a package fits on a screen and has one example.',
  'house.examples_compile': 'The example in a README compiles as it stands.',
  'launcher.one_process':
    'bin/kheish becomes the Node process, from any path and through symlinks; it leaves no parent behind.',
  'launcher.names_the_build':
    'Without a build, bin/kheish says in one sentence which command builds, and exits 1.',
  'promises.are_held': 'A promise without a passing test fails the full test run.',
  'runs.survive_kill':
    'A run that was executing when the daemon was killed goes on by itself after the next start, to its right end.',
  'runs.accepted_is_kept':
    'What was answered with success is on disk: a kill right after it loses nothing.',
  'faults.nothing_half':
    'Whichever write or sync of the disk fails, nothing half is kept, nothing acknowledged is lost, and callers are told when to come back.',
  'faults.disk_recovers':
    'On a disk that is full or fails /readyz says storage_unavailable; when it is well again the daemon goes on by itself.',
  'faults.clock_jumps':
    'A clock that is set ahead or back by days hangs no run, and mixes up no order.',
  'faults.start_and_stop':
    'A start or a stop in which the disk fails leaves a root that the next start finds whole.',
  'runs.no_step_twice':
    'No step is recorded twice: each action is intended once and settled once, and each tool call has one answer.',
  'runs.listed_transitions':
    'Whatever order of submits, answers, denials, cancels, kills and outcomes comes, a run takes listed transitions only, and everything ends.',
  'tools.once_begins_once':
    'An effect that cannot be repeated begins at most once: after a kill it is begun only where it had not begun, and else its outcome is said to be unknown.',
  'tools.whole_arguments':
    'Arguments from which a known secret was taken out are not acted upon: no file gets the mark in the place of a secret.',
  'approvals.siblings_go_on':
    'Calls of an answer that need no approval are carried out while others wait for one.',
  'approvals.single_use': 'An approval is given once, and carries out one call once.',
  'approvals.exact_action':
    'What was approved is carried out as it was approved: other arguments, files or a rule that denies since then refuse it.',
  'audit.no_entry_no_effect':
    'What cannot be put on the signed record of external actions does not happen: runs stay as they are, and go on by themselves when it can.',
  'audit.on_record':
    'Each model call and each tool that acts or reaches out is on the signed record, before it happens and after, by digests.',
  'audit.proofs':
    'An entry is in the log, and the log only grew: both are proven for every size, and no proof holds for anything else.',
  'audit.offline_verify':
    'An export of the log is verified without a daemon, and says apart what was established of chain, content and independence.',
  'audit.every_byte':
    'No byte, line or end of an export can be changed, removed or moved without its verification saying so.',
  'audit.saved_checkpoint':
    'Against a checkpoint that was saved elsewhere, not even who holds the key can cut the log back or write it anew.',
  'audit.tables':
    'No byte, row or end of the tables of the log can be changed, removed or moved without their verification saying so.',
  'audit.never_two_histories':
    'No checkpoint is signed that contradicts one that was signed before: the record takes nothing more, and says why.',
  'audit.key_needed':
    'A root with entries does not start without the key that they need: it says which, and what to do.',
  'audit.implementations_agree':
    'Two independent implementations say the same of every signature, the hostile ones included.',
  'audit.rotation': 'The key of the log changes without a break that a verifier would not see.',
  'budgets.pause_and_ask':
    'A call that a budget has no room for is not made: its run pauses, and asks.',
  'budgets.reserved_before':
    'What a call may need is put aside in the commit before it, so that calls at the same time do not overspend a day.',
  'runtime.revisions':
    'Every change of the live configuration is a revision that a stale writer cannot overwrite, and that can come back.',
  'runtime.runs_are_pinned':
    'A run keeps the configuration with which it began, but for what denies and what bounds spending.',
  'runs.recovery_exhausted':
    'A run that takes the daemon down three times without a new step fails, and its session stays usable.',
  'runs.innocent_survive':
    'A run that keeps killing the daemon is given up alone: those beside it go on, however slow they are.',
  'runs.twins':
    'A hundred requests at once under one Idempotency-Key do what they ask once, and get one answer.',
  'runs.limits':
    'More queued runs than a session may have are refused with 429 and Retry-After; nothing accepted is lost by it.',
  'runs.no_stampede':
    'A start after a crash is ready at once, and goes on with what was interrupted a bounded number of runs at a time.',
  'daemon.drains':
    'On SIGTERM the daemon refuses readiness, gives steps under way their time, exits 0, and the rest goes on at the next start.',
  'streams.cursors_survive':
    'A cursor from before a kill means the same after it, as cursor parameter and as Last-Event-ID.',
  'streams.attach_midway':
    'Who attaches in the middle of a step gets the text so far as one delta from offset 0, then the rest.',
  'streams.attempt_replaces':
    'When a model call breaks and is tried again, its text comes again from offset 0 under a higher attempt.',
  'streams.client_reconnects':
    'The client follows a run and waits for it through a kill and a restart: each event once and in order.',
  'streams.exact':
    'Over any number of disconnects and restarts a follower that comes back with its cursor gets each event once, in order.',
  'streams.bounded':
    'Who reads the whole journal, however slowly, grows neither the daemon nor the log of its database, and others get their events meanwhile.',
  'models.faults_are_typed':
    'A provider that refuses, hangs, breaks off or talks nonsense fails a run with a code at worst; the session goes on.',
  'models.every_driver':
    'One suite of answers and faults holds for every driver, and a driver that is not in it fails it.',
  'models.like_official':
    'Every driver hears what the official SDK hears in the same bytes, wherever they are split.',
  'models.fallback':
    'A run whose model is rate limited or unavailable goes on with its fallback model, with its transcript, also through a kill.',
  'runs.stop_ends_call':
    'Cancelling or interrupting a run ends its model call upstream too, and the queue goes on.',
  'keys.stay_on_route':
    "A route's key goes to its base_url and nowhere else; provider variables of the environment are ignored.",
  'keys.never_shown':
    'A sealed key stands in no log line, event, answer or file, even when a provider repeats it in an error.',
  'api.hostile_input':
    'Thousands of requests made from the OpenAPI document, fitting or nearly so, get answers that fit it: no 500, no secret, nothing lost.',
  'api.bounded_clients':
    'Slow, silent, deaf and too many connections are cut at a bound, and streams live on.',
  'permissions.never_widen':
    'A rule that denies holds against rules of every scope and in every mode; to add one never widens.',
  'permissions.whole_words':
    'A rule for commands matches the resolved program and whole arguments of one simple command; shells and other wrappers do not inherit its trust.',
  'permissions.modes':
    'Each of the five modes makes, asks for or denies an edit, a command and a read as its name says, also over a real run.',
  'permissions.commands':
    'A command that a rule allows runs; the same words behind a wrapper, in a longer line or as another program are asked for.',
  'permissions.explained':
    'permissions check and matrix say what would become of a call, in any mode, and which rule decides it.',
  'approvals.waits_for_operator':
    'A call that needs an approval waits, exit code 13, until an operator allows or denies it, once.',
  'approvals.asked_anew':
    'Where a call changes a file that a pending approval of its run names, the approval is void and asked anew.',
  'approvals.denied_meanwhile':
    'A deny rule that comes after the request for an approval holds, whoever allowed the call.',
  'approvals.expire':
    'An approval that nobody gives in time refuses its call; the run goes on, and it is too late to allow it.',
  'questions.wait_for_operator':
    'A question of the model waits, exit code 14, until it is answered by options or words, declined, withdrawn, or too old.',
  'questions.wrong_answers':
    'An answer that does not fit its question is refused with a code of its own, and the question stays open.',
  'approvals.survive_kill':
    'Whenever the daemon is killed, what is asked stays open, and what was approved is carried out once: or, had it begun, its outcome is said to be unknown.',
  'tools.behind_the_gate':
    'No tool goes round the gate: a rule that denies it stops each of them before anything has happened.',
  'tools.acts_are_asked_for':
    'Each tool whose effect cannot be repeated asks in mode default, and no other does.',
  'tools.processes_end_with_daemon':
    'A command amid which the daemon ends, killed or in order, is not repeated, and its processes are dead before its run goes on.',
  'budgets.unknown_price':
    'A model without a price costs tokens only, and run and session say how many calls had none.',
  'budgets.never_overspent':
    'What is spent and put aside of a day stays within its budget however many sessions ask at once, but for runs that were allowed more.',
  'runs.stop_ends_processes':
    'A run is cancelled or interrupted when all that its commands started is dead, and not before; where it waits, at once.',
  'approvals.bind_files':
    'What a command line would act on changes with any byte of a file that it names, with its program, words and directory.',
  'egress.public_only':
    'A URL that an agent or a payload chose reaches public addresses only, however it is written, resolved or redirected.',
  'egress.operator_origin':
    'A request with a credential goes to the origin that the operator wrote; redirects and proxies take it nowhere else.',
  'docs.security_held':
    'docs/security.md names for each threat of the OWASP lists a control that a test holds, or says that it is not covered.',
  'docs.commands_run': 'The commands of README.md and docs/running.md run as written.',
  'docs.example_runs': 'The TypeScript example of README.md runs as written.',
  'docs.isolated_daemon':
    'The commands to start an isolated daemon work in their order, with each of the three routes files.',
  'processes.held':
    'A command exists as a process with an identity before anything of it has happened; if the daemon dies then, nothing ever does.',
  'processes.proven_dead':
    'A command is over when all that it started is dead, whatever it does to live on; where that cannot be proven it is said.',
  'processes.reaped':
    'What a killed daemon left running is found by its identity and killed, and nobody else is.',
  'processes.sandboxed':
    'A sandboxed command changes nothing but the workspace, and sees no secret, nothing of the daemon and no network.',
  'processes.clean_environment':
    "A command gets a few variables and its outputs; nothing of the daemon's environment and none of its files.",
  'processes.bounded_output':
    'However much a command prints, its beginning and its end are kept in a room of fixed size.',
  'quickstart.clean_clone':
    'From a clean clone, whatever the shell has set, npm run quickstart shows a run that reads a real file, and leaves nothing behind.',
  'quickstart.stays_on_terminal':
    'On a terminal quickstart keeps its daemon until Ctrl-C, then exits 0.',
  'flags.unknown_are_errors': 'A flag that this version does not have is an error.',
  'flags.over_variables':
    'Without a subcommand, or with flags first, the program serves; a flag beats its variable.',
  'startup.busy_port': 'A start that fails on a busy port says so and leaves the root free.',
  'startup.missing_secret':
    'A route whose secret is missing refuses the start with the command that mends it, ready to be pasted.',
  'root.one_daemon':
    'A second daemon on a root is refused, with the pid and the address of the first.',
  'root.lock_survives_reading':
    'Reading every file of the root in the process of the daemon does not free its lock.',
  'root.newer_refused': 'A root of a newer program is refused and left as it is.',
  'root.apart':
    'A state root and a workspace root within each other warn, and are refused where the API needs a token.',
  'routes.refusals_name_the_place':
    'A routes file that cannot be used is refused with file, line and column, and never with its content.',
  'routes.drivers':
    'A routes file offers all drivers, with keys from slots, from variables, or in the file.',
  'routes.default_is_in_the_file':
    'A file with several routes sets default_route; --default-route does not stand in for it.',
  'routes.default_overridden': '--default-route overrides the default of the file.',
  'routes.single_route_flags':
    '--provider, --model and --api-key, or their variables, make a single route.',
  'routes.empty_inventory':
    'Without routes the daemon starts, says so, and refuses runs with routes/no_routes.',
  'routes.not_ready':
    'A secret that is deleted later refuses runs with routes/route_not_ready until it is set again.',
  'routes.chosen_per_run':
    'A run takes its route from its flags, else from its session, else the default, when it is accepted.',
  'secrets.generate': 'secrets generate prints a new master key of 32 random bytes.',
  'secrets.key_sources':
    'The master key comes from a variable or from a file, and never from both.',
  'secrets.wrong_key_named': 'A wrong master key is refused with the id of the key that is needed.',
  'secrets.write_only':
    'Secrets are set from a variable, a file, stdin or a value, with or without a daemon, and no command prints them.',
  'secrets.bound':
    'A sealed slot of which any bit of any column was changed, or which was moved to another slot or version, is refused.',
  'secrets.rekey':
    'secrets rekey seals every slot under another master key in one commit; the daemon goes on with it, and the next start needs it.',
  'secrets.rekey_killed':
    'A kill at any moment of a rekey leaves every slot under exactly one key, and the next start says which.',
  'secrets.import':
    'secrets import writes all slots of a snapshot in plain text or none, on request only, and says that the file remains.',
  'secrets.in_use': 'A slot that a route uses is deleted only when that is forced.',
  'secrets.expiry':
    'A secret that ends within 14 days, or has ended, is warned about in lists and by its route.',
  'secrets.redacted':
    'A known secret that a model, a tool, a provider or a caller repeats is redacted in all forms that the daemon writes, before it is kept or told.',
  'secrets.sealed': 'No file of the state root has a secret in plain text.',
  'secrets.leave_environment': 'The master key and the tokens leave the environment at the start.',
  'access.never_open_by_accident':
    'A configuration that would let strangers in is refused: above all a bind beyond loopback without an admin token.',
  'access.two_tokens': 'The admin token may do everything, the read-only token may read.',
  'access.token_rotation': 'A token is rotated by rewriting its file.',
  'access.roles':
    'An operation is open to the roles that its access names and to no other; what is no operation, to admins alone.',
  'access.documented': 'docs/access.md says of each operation which roles may call it.',
  'access.exact_origins':
    'Only pages of this machine may call the API, and only exact ones where such are named.',
  'access.guesses_are_bounded':
    'Ten thousand wrong tokens keep no right one out, and leave a trace of bounded size.',
  'access.failures_recorded':
    'Who is not let in is on record, in bounded numbers, and never what was presented.',
  'doctor.names_what_to_do':
    'doctor looks at a daemon from all sides, says what is wrong and what to do, and exits by the worst of it.',
  'doctor.canary':
    'doctor routes asks a provider through a run like any other: on the record, and nothing of it is left.',
  'tokens.first_closes':
    'The first named token is an admin and closes an open API at once; the end of the last one opens nothing.',
  'tokens.revoked_at_once':
    'A revoked token opens nothing from the answer on, its streams are cut, and so it stays through a kill.',
  'tokens.offline':
    'Whoever is locked out makes a token on the state root itself; a token ends at its time.',
  'access.host_and_origin':
    'A loopback daemon refuses requests under another Host, and pages of another Origin.',
  'probes.open': '/healthz and /readyz answer without a token.',
  'log.no_secrets': 'No log line has a secret; in JSON each line is an object.',
  'status.identifies':
    'status names root id, both roots, schema version and pid, so that a wrong daemon is seen at once.',
  'daemon.stops_by_signal': 'SIGTERM and SIGINT end the daemon with exit code 0.',
  'daemon.readyz_drains': '/readyz answers 503 while the daemon drains.',
  'daemon.second_signal': 'A second signal stops the daemon at once.',
  'daemon.survives_closed_output':
    'A daemon whose stdout and stderr are closed serves on, and stops in order.',
  'daemon.leaves_nothing':
    'A daemon that is closed leaves no file, socket, timer or child open; others in the process go on.',
  'backup.one_moment': 'A backup is of one moment, and commits go on while it is made.',
  'backup.verify': 'Every byte that is changed in any file of a backup is found.',
  'backup.nothing_half':
    'A backup or a restore that is killed or finds no room leaves its source as it is, and nothing half that passes for whole.',
  'backup.restore':
    'A restored root has all that was committed before its backup, and no cursor misses anything of what comes.',
  'retention.whole':
    'An ended session leaves the journal whole or not at all; what it spent stays counted, and the rest verifies as before.',
  'backup.restored_daemon':
    'A daemon on a restored root goes on with the runs of the backup, as after a crash, and each comes to its end.',
  'store.verify':
    'store verify replays the journal and compares it with the tables, online and offline.',
  'workspace.daemon_invisible':
    'Agents see their workspace and nothing of the daemon, through links either.',
  'tools.web_fetch_public_only':
    'web_fetch reaches public addresses only, by name, number, redirect or rebinding, and reads a bounded text from them.',
  'tools.edits_stay_inside':
    'No tool writes outside the workspace or to what is hidden, however a path is written, linked or swapped.',
  'tools.edits_whole_files':
    'A write that is killed or finds no room leaves the old file or the new one, whole.',
  'tools.patch_all_or_nothing':
    'A patch changes nothing unless every path and every hunk of it fits, each in one clear place.',
  'sessions.life':
    'A session is created, given input, followed, read, ended and deleted; its journal has every step.',
  'cli.json': 'Every command prints JSON with --output json.',
  'cli.aliases':
    'Commands have second names: session, run, secret, open, send, show, watch, follow.',
  'cli.lists': 'A list prints the items of all pages, or one page with its cursor.',
  'cli.pipes': 'A pipe that closes ends a command quietly.',
  'cli.outcome_codes':
    'Commands that wait exit by the outcome: 0 completed, 10 failed, 11 cancelled, 12 interrupted.',
  'cli.blocked_codes':
    'Commands that wait return where the run waits for a person: 13 for an approval, 14 for an answer.',
  'cli.timeout': '--timeout-ms ends the wait with exit code 15, and the run goes on.',
  'cli.exit_codes': 'Commands that cannot do what they should exit 2 to 8, by the reason.',
  'cli.input_sources':
    'The content of an input comes from an argument, a file or stdin, byte for byte.',
  'cli.idempotency_key': 'The same --idempotency-key submits once.',
  'chat.live_words': 'chat shows the words of the model as they come.',
  'chat.ctrl_c': 'In chat Ctrl-C interrupts the run under way, and leaves where there is none.',
  'chat.asks':
    'chat shows what a run asks while it goes on, takes the answer, and takes back what no longer counts.',
  'chat.piped_blocked':
    'Without a terminal chat answers nothing: a run that waits ends it with 13 or 14.',
  'chat.piped': 'Without a terminal chat takes each line as an input, and exits by the last run.',
  'credentials.revoked_for_good':
    'What the operator revokes - a session, a lease, a slot - stays revoked through restarts and kills, until it is restored or set anew.',
  'credentials.no_call_after_revoke':
    'No model call begins after a revocation was acknowledged, retries and calls that are just being connected included.',
  'credentials.scope':
    'A session uses only routes that its credential scope allows: others are refused when asked for, and a run is held to it from its next call on.',
  'credentials.lease_lifetime':
    'A call begins on a lease that is neither expired nor revoked, of a subject, a scope and a secret that are those of now.',
  'credentials.scope_never_widens':
    'Two credential scopes together let be used what each of them does, and nothing else; two that allow different things allow nothing.',
  'context.long_outputs':
    'A long output of a tool stands in the prompt by its two ends, the same ones at every step and after a restart; the model can read on, and nothing of it is lost.',
  'tasks.end_with_cancelled':
    'A run that is cancelled ends its commands in the background too, and is cancelled when they are dead.',
  'tasks.background':
    'A command in the background outlives its call and its run; it is read while it runs, and its end is told.',
  'tasks.output_pages':
    'What a task prints is read from any position while it is printed and after; what was given up for newer is announced.',
  'tasks.stop_ends_all':
    'A stopped task is cancelled when all processes that it started are dead, and says so.',
  'tasks.kept_by_agents':
    'An agent keeps tasks with dependencies: what is blocked begins when the last task that it waits for is completed.',
  'tasks.no_cycles': 'No task waits for itself, through however many others.',
  'tasks.erased':
    'A session that ends or is erased takes its commands with it; of an erased one nothing is left that they printed.',
  'tasks.restart_settles':
    'A daemon that goes down takes its background commands along: none outlives the next start, none begins twice, and what they had printed is kept.',
  'context.compaction_plan':
    'A prompt is shortened to fit wherever that can be: what was asked last stays whole, a tool call stays with its answers, and what fits is not shortened again.',
  'context.compaction':
    'Before a session outgrows the window of its model older turns give way to a summary, at a recorded boundary; the transcript keeps them.',
  'context.failed_compaction':
    'Whatever becomes of a summary - an error, a refusal, nothing at all - the run goes on, without the older turns where need be.',
  'context.recovered':
    'A prompt that the provider refuses as too long is shortened and sent again, and later prompts of the session keep below.',
  'context.within_window':
    'A session goes on however long it becomes, whether or not the window of its model is configured.',
  'context.survives_kill':
    'A kill in the middle of a compaction loses nothing: it is done again, once, and the run comes to its end.',
};
