package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Beam search over tokens: of all continuations of the beams by one token the `n` most likely are kept. One that ends
/// keeps its place, so that with `n` finished the search is over, and with one beam this is [Greedy] (Sutskever et al.
/// 2014; Transformers instead goes on with `n` open beams).
///
/// A finished draft of T tokens is worth its log-probability over T^lengthPenalty; the default, 1, is Transformers'.
/// The search also ends when no open beam can come to be worth more than the best that is finished, given the benefit
/// of the greatest length (Transformers' `early_stopping="never"`, which loses nothing).
///
/// @param n beams, at least 1
/// @param lengthPenalty 0 compares log-probabilities, more favours longer drafts
@Export(value = "posttrain.search.BeamSearch", since = "0.1")
public record BeamSearch(int n, double lengthPenalty) implements Search {
    public BeamSearch {
        Sampled.check(n >= 1, "beam", "n of at least 1", n);
        Sampled.check(lengthPenalty >= 0 && lengthPenalty < 100, "beam", "length_penalty of at least 0", lengthPenalty);
    }

    /// Beam search over tokens with `n` beams.
    @Export(
            value = "posttrain.search.beam",
            since = "0.1",
            params = {"n=4", "lengthPenalty=1"})
    public static BeamSearch of(int n, double lengthPenalty) {
        return new BeamSearch(n, lengthPenalty);
    }

    private record Candidate(int beam, int id, double logProb, double sum) {}

    @Override
    public Solution solve(Session session) {
        List<Draft> beams = session.start(1);
        Draft best = null;
        double worth = Double.NEGATIVE_INFINITY;
        int over = 0;
        while (!beams.isEmpty() && bound(beams.getFirst(), session.maxTokens()) > worth) {
            List<Draft> open = new ArrayList<>();
            List<Candidate> kept = candidates(session, beams, n - over);
            for (Candidate c : kept) {
                Draft draft = session.with(beams.get(c.beam), c.id, c.logProb);
                if (draft.open()) {
                    open.add(draft);
                } else if (worth(draft) > worth) {
                    best = draft;
                    worth = worth(draft);
                }
            }
            over += kept.size() - open.size();
            beams = open;
        }
        return new Solution(best == null ? session.start() : best, worth);
    }

    /// The `most` likeliest continuations by one token, in their order; of equal ones that of the earlier beam,
    /// then of the lower id, goes first.
    private static List<Candidate> candidates(Session session, List<Draft> beams, int most) {
        List<Policy.Next> next = session.next(beams, most);
        List<Candidate> candidates = new ArrayList<>();
        for (int beam = 0; beam < beams.size(); beam++) {
            Policy.Next of = next.get(beam);
            double before = beams.get(beam).logProb();
            for (int i = 0; i < of.ids().length; i++) {
                double logProb = of.logProbs()[i];
                candidates.add(new Candidate(beam, of.ids()[i], logProb, before + logProb));
            }
        }
        candidates.sort(Comparator.comparingDouble(Candidate::sum).reversed());
        return candidates.subList(0, Math.min(most, candidates.size()));
    }

    private double worth(Draft draft) {
        return draft.logProb() / Math.pow(draft.ids().length, lengthPenalty);
    }

    /// What no continuation of a beam can be worth more than: log-probabilities are at most 0.
    private double bound(Draft beam, int longest) {
        return beam.logProb() / Math.pow(longest, lengthPenalty);
    }
}
