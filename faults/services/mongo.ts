/** A MongoDB-wire server of the fault suite, synced at each commit, as the product starts it. */
import { mongoCandidates } from '../../platform/data-services/candidates.ts';
import { connectOnce, LOOPBACK } from '../../platform/data-services/free-port.ts';
import { settleReplicaSet } from '../../platform/data-services/mongo-probe.ts';
import { candidateContext } from './candidate-context.ts';
import { type DataServiceOptions, type MongoService, startDataService } from './service.ts';

/** FAULTS_MONGO_FAMILY picks one of the engines (`mongod`, `secantusd-rs`, `secantusd-py`). @throws Error when there is none. */
export function startMongo(options: DataServiceOptions): Promise<MongoService> {
  const wanted = process.env.FAULTS_MONGO_FAMILY;
  // Told to connect directly, the driver keeps to the port that it was given: otherwise it would follow the
  // server's own word on where it is, around a proxy.
  const uriAt = (port: number) => `mongodb://${LOOPBACK}:${port}/?directConnection=true`;
  return startDataService(
    {
      name: 'MongoDB',
      candidates: mongoCandidates(candidateContext()).filter(
        ({ family }) => wanted === undefined || family === wanted,
      ),
      ping: async (port) => {
        await connectOnce(port);
        await settleReplicaSet(port);
      },
      uriAt,
    },
    options,
  );
}
