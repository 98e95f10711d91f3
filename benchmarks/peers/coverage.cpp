// The model of benchmarks/peers/arrays.py for R's TMB: the joint density whose random effects TMB
// integrates by Laplace. Compared for speed; its Laplace answer is known to be off on this model.
#include <TMB.hpp>

template <class Type>
Type away(Type log_scale, Type rate) {  // exponential prior of a scale, by its logarithm
  return log_scale - rate * exp(log_scale);
}

template <class Type>
vector<Type> level(vector<Type> u, vector<Type> v, Type log_sd, Type logit_share) {
  Type share = invlogit(logit_share), sd = exp(log_sd);
  return sd * (sqrt(share) * u + sqrt(Type(1) - share) * v);
}

template <class Type>
Type share_prior(Type logit_share) {  // beta(1.5, 1.5) with the Jacobian
  Type share = invlogit(logit_share);
  return Type(1.5) * log(share) + Type(1.5) * log(Type(1) - share);
}

template <class Type>
Type beta_binomial(Type y, Type m, Type share, Type weight) {
  Type a = share * weight, b = (Type(1) - share) * weight;
  return lgamma(y + a) + lgamma(m - y + b) - lgamma(m + weight) - lgamma(a) - lgamma(b) + lgamma(weight);
}

template <class Type>
Type objective_function<Type>::operator()() {
  DATA_MATRIX(design); DATA_SPARSE_MATRIX(icar);
  DATA_INTEGER(quarters); DATA_SCALAR(centre);
  DATA_IVECTOR(area1); DATA_IVECTOR(quarter1); DATA_VECTOR(doses1); DATA_VECTOR(log_complete1);
  DATA_IVECTOR(area3); DATA_IVECTOR(quarter3); DATA_VECTOR(doses3); DATA_VECTOR(log_complete3);
  DATA_MATRIX(level_seen); DATA_MATRIX(years); DATA_MATRIX(known); DATA_MATRIX(mixing); DATA_VECTOR(bias_sd);
  DATA_IVECTOR(cluster_area); DATA_IVECTOR(cluster_first); DATA_IVECTOR(cluster_last);
  DATA_VECTOR(children); DATA_VECTOR(found1); DATA_VECTOR(found3);
  PARAMETER_VECTOR(b1); PARAMETER_VECTOR(b3); PARAMETER(a3);
  PARAMETER_VECTOR(u1); PARAMETER_VECTOR(v1); PARAMETER_VECTOR(u3); PARAMETER_VECTOR(v3);
  PARAMETER_VECTOR(ur); PARAMETER_VECTOR(vr);
  PARAMETER_VECTOR(walk1); PARAMETER_VECTOR(walk3); PARAMETER_ARRAY(path1); PARAMETER_ARRAY(path3);
  PARAMETER_VECTOR(m); PARAMETER_VECTOR(g); PARAMETER(growth); PARAMETER_VECTOR(bias); PARAMETER(rho0);
  PARAMETER_VECTOR(recording);
  PARAMETER_VECTOR(log_sd);        // level 1, level 3, reporting
  PARAMETER_VECTOR(logit_share);   // the same
  PARAMETER_VECTOR(log_walk); PARAMETER_VECTOR(log_path); PARAMETER_VECTOR(memory);
  PARAMETER_VECTOR(log_source); PARAMETER_VECTOR(log_scatter);
  PARAMETER(completeness); PARAMETER(late); PARAMETER(logit_icc);
  using namespace density;
  int N = design.rows(), K = bias_sd.size();
  Type f = 0;
  vector<Type> rates(3); rates << Type(2.0), Type(3.0), Type(7.5);
  for (int k = 0; k < 3; k++) f -= away(log_sd(k), rates(k)) + share_prior(logit_share(k));
  for (int k = 0; k < 2; k++) {
    f -= away(log_walk(k), Type(10.0)) + away(log_path(k), k == 0 ? Type(5.0) : Type(6.0));
    f -= dnorm(memory(k), Type(1.6), Type(0.9), true) + dnorm(log_scatter(k), Type(log(18.0)), Type(0.6), true);
  }
  f -= dnorm(log_source, Type(log(0.18)), Type(0.55), true).sum();
  f -= dnorm(completeness, Type(2.2), Type(1.0), true) + dnorm(late, Type(-0.5), Type(0.8), true);
  f -= dnorm(logit_icc, Type(-2.9), Type(0.6), true) + dnorm(a3, Type(0.3), Type(0.3), true);
  f -= dnorm(b1, Type(0), Type(0.7), true).sum() + dnorm(b3, Type(0), Type(0.5), true).sum();
  f -= dnorm(growth, Type(0.03), Type(0.01), true) + dnorm(rho0, Type(0), Type(0.12), true);
  f -= dnorm(bias, Type(0), bias_sd, true).sum() + dnorm(recording, Type(0), Type(0.03), true).sum();
  // Fields: the map's precision, and a hundredth of one more for each area in place of sums held at zero, which would tie all
  // areas together and fill the factor that TMB needs (its time would be many times as long).
  f += Type(0.5) * ((u1 * (icar * u1)).sum() + (u3 * (icar * u3)).sum() + (ur * (icar * ur)).sum());
  f += Type(0.005) * ((u1 * u1).sum() + (u3 * u3).sum() + (ur * ur).sum());
  f -= dnorm(v1, Type(0), Type(1), true).sum() + dnorm(v3, Type(0), Type(1), true).sum();
  f -= dnorm(vr, Type(0), Type(1), true).sum();
  for (int t = 1; t < quarters; t++) {
    f -= dnorm(walk1(t), walk1(t - 1), exp(log_walk(0)), true) + dnorm(walk3(t), walk3(t - 1), exp(log_walk(1)), true);
  }
  f += Type(25.0) * (pow(walk1.sum(), 2) + pow(walk3.sum(), 2));
  for (int i = 0; i < N; i++) {
    vector<Type> one = path1.col(i), three = path3.col(i);
    f += SCALE(AR1(tanh(memory(0) / Type(2))), exp(log_path(0)))(one);
    f += SCALE(AR1(tanh(memory(1) / Type(2))), exp(log_path(1)))(three);
  }
  vector<Type> first = level(u1, v1, log_sd(0), logit_share(0));
  vector<Type> base1 = design * b1 + first;
  vector<Type> base3 = design * b3 + a3 * first + level(u3, v3, log_sd(1), logit_share(1));
  vector<Type> rho = rho0 + level(ur, vr, log_sd(2), logit_share(2));
  matrix<Type> p1(N, quarters), stay(N, quarters), due(N, quarters);
  Type middle = Type(quarters - 1) / Type(2);
  for (int i = 0; i < N; i++) for (int t = 0; t < quarters; t++) {
    p1(i, t) = invlogit(Type(1.2) + base1(i) + walk1(t) + path1(t, i));
    stay(i, t) = invlogit(Type(2.0) + base3(i) + walk3(t) + path3(t, i));
    due(i, t) = exp(m(i) + g(i) * (Type(t) - middle) / Type(4));
  }
  f -= dnorm(m, centre, Type(2), true).sum() + dnorm(g, growth, Type(0.015), true).sum();
  vector<Type> total_bias = mixing * bias;
  for (int k = 0; k < K; k++) for (int i = 0; i < N; i++) if (known(i, k) > 0)
    f -= dnorm(level_seen(i, k), m(i) + total_bias(k) + g(i) * years(i, k), exp(log_source(k)), true);
  Type psi = invlogit(completeness), w = invlogit(late);
  for (int j = 0; j < doses1.size(); j++) {
    int i = area1(j), t = quarter1(j);
    Type log_mean = log(due(i, t) * p1(i, t)) + rho(i) + psi * log_complete1(j);
    f -= dnbinom_robust(doses1(j), log_mean, Type(2) * log_mean - log_scatter(0), true);
  }
  for (int j = 0; j < doses3.size(); j++) {
    int i = area3(j), t = quarter3(j), s = t > 0 ? t - 1 : 0;
    Type given = (Type(1) - w) * due(i, t) * p1(i, t) * stay(i, t) + w * due(i, s) * p1(i, s) * stay(i, s);
    Type log_mean = log(given) + rho(i) + recording(i) + psi * log_complete3(j);
    f -= dnbinom_robust(doses3(j), log_mean, Type(2) * log_mean - log_scatter(1), true);
  }
  Type icc = invlogit(logit_icc), weight = (Type(1) - icc) / icc;
  for (int j = 0; j < children.size(); j++) {
    Type one = 0, three = 0, length = cluster_last(j) - cluster_first(j) + 1;
    for (int t = cluster_first(j); t <= cluster_last(j); t++) {
      one += p1(cluster_area(j), t) / length;
      three += p1(cluster_area(j), t) * stay(cluster_area(j), t) / length;
    }
    f -= beta_binomial(found1(j), children(j), one, weight);
    f -= beta_binomial(found3(j), found1(j), three / one, weight);
  }
  return f;
}
