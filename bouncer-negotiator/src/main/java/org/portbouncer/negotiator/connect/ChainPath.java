package org.portbouncer.negotiator.connect;

import org.portbouncer.core.config.Chain;
import org.portbouncer.core.config.ChainSecrets;

/**
 * A chain as one configuration has it. In the connect worker.
 *
 * @param index among the chains of the configuration
 * @param chain its proxies
 * @param secrets of all chains of the configuration
 */
record ChainPath(int index, Chain chain, ChainSecrets secrets) {}
