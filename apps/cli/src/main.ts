process.stderr.write('kheish: no command is written yet\n');
process.exitCode = 1;
