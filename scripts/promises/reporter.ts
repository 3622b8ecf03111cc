import { promises } from '../../promises.ts';
import { PromisesReporter } from './promises-reporter.ts';

export default class extends PromisesReporter {
  constructor() {
    super(promises);
  }
}
