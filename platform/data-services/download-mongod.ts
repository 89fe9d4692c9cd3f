/**
 * A program of its own, so that a download that hangs can be ended: prints the path of a mongod, which
 * mongodb-memory-server-core downloads where there is none yet. Argument: the folder to keep it in.
 */
import { MongoBinary } from 'mongodb-memory-server-core';
import { messageOf } from '../errors/message-of.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Argument missing: the folder for mongod.');
let exitCode = 0;
try {
  console.log(`mongod is ${await MongoBinary.getPath({ downloadDir: folder })}`);
} catch (error) {
  console.error(messageOf(error).replaceAll('\n', ' '));
  exitCode = 1;
}
// A connection that was refused an answer would keep the process.
process.exit(exitCode);
