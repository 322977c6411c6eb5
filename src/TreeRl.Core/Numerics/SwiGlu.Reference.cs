using System;

namespace TreeRl.Numerics;

internal static unsafe partial class SwiGlu
{
    /// <summary>The plain definitions.</summary>
    internal static class Reference
    {
        /// <inheritdoc cref="SwiGlu.Forward"/>
        public static void Forward(float* gateUp, nint strideGateUp, nint upOffset, float* output, nint strideOutput, int rows, int firstColumn, int endColumn)
        {
            for (int i = 0; i < rows; i++)
            {
                float* gate = gateUp + i * strideGateUp, up = gate + upOffset, to = output + i * strideOutput;
                for (int j = firstColumn; j < endColumn; j++) to[j] = (float)(gate[j] / (1 + Math.Exp(-gate[j])) * up[j]);
            }
        }

        /// <inheritdoc cref="SwiGlu.Backward"/>
        public static void Backward(
            float* gateUp, nint strideGateUp, nint upOffset, float* dOutput, nint strideDOutput, float* dGateUp, nint strideDGateUp, int rows, int columns)
        {
            for (int i = 0; i < rows; i++)
            {
                float* gate = gateUp + i * strideGateUp, up = gate + upOffset, d = dOutput + i * strideDOutput;
                float* dGate = dGateUp + i * strideDGateUp, dUp = dGate + upOffset;
                for (int j = 0; j < columns; j++)
                {
                    double g = gate[j], u = up[j], flow = d[j], sigmoid = 1 / (1 + Math.Exp(-g));
                    d[j] = (float)(g * sigmoid * u);
                    dUp[j] = (float)(flow * g * sigmoid);
                    dGate[j] = (float)(flow * u * sigmoid * (1 + g * (1 - sigmoid)));
                }
            }
        }
    }
}
