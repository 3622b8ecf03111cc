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
  'runs.no_step_twice':
    'No step is recorded twice: each action is intended once and settled once, and each tool call has one answer.',
  'runs.recovery_exhausted':
    'A run that takes the daemon down three times without a new step fails, and its session stays usable.',
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
  'models.faults_are_typed':
    'A provider that refuses, hangs, breaks off or talks nonsense fails a run with a code at worst; the session goes on.',
  'runs.stop_ends_call':
    'Cancelling or interrupting a run ends its model call upstream too, and the queue goes on.',
  'keys.stay_on_route':
    "A route's key goes to its base_url and nowhere else; provider variables of the environment are ignored.",
  'keys.never_shown':
    'A sealed key stands in no log line, event, answer or file, even when a provider repeats it.',
};
